using System.Globalization;

namespace FuncLimiter.Benchmarks.Reporting;

/// <summary>All sections as one readable text: tables of medians with their range, then what was aimed at.</summary>
internal static class TextReport
{
    public static void Write(TextWriter output, Machine machine, IReadOnlyList<Section> sections)
    {
        output.WriteLine($"{machine.Processor}, {machine.Cores} cores; {machine.System}; {machine.Runtime}");
        foreach (var section in sections)
        {
            output.WriteLine();
            output.WriteLine($"== {section.Name}: {section.Setting}");
            WriteTable(output, section.Rows);
        }

        output.WriteLine();
        output.WriteLine("== targets");
        foreach (var comparison in sections.SelectMany(section => section.Comparisons))
        {
            var verdict = comparison.Holds switch { true => "met", false => "missed", null => "unknown" };
            var reached = comparison.Value is { } value ? Number(value) : "not measured";
            output.WriteLine($"{verdict,-8} {comparison.What}: {reached} (at {(comparison.AtMost ? "most" : "least")} {Number(comparison.Target)})");
        }
    }

    private static void WriteTable(TextWriter output, IReadOnlyList<Row> rows)
    {
        var columns = rows.SelectMany(row => row.Figures).Select(figure => figure.Name).Distinct().ToArray();
        var lines = new List<string[]> { (string[])["", .. columns] };
        foreach (var row in rows)
        {
            var cells = columns.Select(column => row.Figures.FirstOrDefault(figure => figure.Name == column) is { } figure ? Cell(figure) : "");
            lines.Add([row.Contender, .. cells]);
        }

        var widths = Enumerable.Range(0, columns.Length + 1).Select(column => lines.Max(line => line[column].Length)).ToArray();
        for (var index = 0; index < lines.Count; index++)
        {
            var note = index == 0 ? "" : rows[index - 1].Note;
            var cells = lines[index].Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]));
            output.WriteLine($"{string.Join("  ", cells)}  {note}".TrimEnd());
        }
    }

    private static string Cell(Figure figure) =>
        figure.Spread.Low == figure.Spread.High
            ? Number(figure.Spread.Median)
            : $"{Number(figure.Spread.Median)} [{Number(figure.Spread.Low)}..{Number(figure.Spread.High)}]";

    private static string Number(double value) => value.ToString(
        Math.Abs(value) switch { >= 1000 => "#,0", >= 100 => "0", >= 10 => "0.0", _ => "0.###" }, CultureInfo.InvariantCulture);
}
