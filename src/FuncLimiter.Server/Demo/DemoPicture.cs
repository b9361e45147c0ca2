using System.Globalization;
using System.Security;
using System.Text;
using FuncLimiter.Simulation.Fleets;

namespace FuncLimiter.Server.Demo;

/// <summary>Draws the demonstration's outcome as SVG, once for light pages and once for dark ones: a pair of bars for each figure.</summary>
internal static class DemoPicture
{
    private const int Width = 760;
    private const int RowHeight = 66;
    private const int Top = 84;
    private const int Left = 250;
    private const int LongestBar = 360;
    private static readonly Theme Light = new("light", "#ffffff", "#1b2430", "#5b6675", "#0b6bcb", "#c2410c");
    private static readonly Theme Dark = new("dark", "#0d1117", "#e6edf3", "#9aa7b4", "#58a6ff", "#f0883e");

    /// <summary>Writes <c>NAME-light.svg</c> and <c>NAME-dark.svg</c>.</summary>
    /// <param name="demo">What has ended.</param>
    /// <param name="name">The files' name without its ending, with its folder, which is made.</param>
    /// <returns>The files.</returns>
    public static IReadOnlyList<string> Write(DemoRun demo, string name)
    {
        var seconds = demo.Limited.Report!.Elapsed.TotalSeconds;
        var files = new List<string>();
        Directory.CreateDirectory(Path.GetDirectoryName(name)!);
        foreach (var theme in new[] { Light, Dark })
        {
            files.Add($"{name}-{theme.Name}.svg");
            File.WriteAllText(files[^1], Draw(demo.Scenario, seconds, Rows(demo.Limited, demo.Baseline), theme));
        }

        return files;
    }

    /// <summary>One picture.</summary>
    internal static string Draw(DemoScenario scenario, double seconds, IReadOnlyList<PictureRow> rows, Theme theme)
    {
        var height = Top + (rows.Count * RowHeight) + 12;
        var title = string.Create(CultureInfo.InvariantCulture, $"{scenario.Agents} agents, one key, {seconds:0} s: they ask for {Math.Round(scenario.Demand, 1)} times what the provider gives");
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{height}" viewBox="0 0 {Width} {height}" role="img" aria-labelledby="t d" font-family="system-ui, sans-serif">
            <title id="t">{SecurityElement.Escape(title)}</title>
            <desc id="d">{SecurityElement.Escape(string.Join("; ", rows.Select(row => $"{row.Name}: {row.LimitedText} with FuncLimiter, {row.BaselineText} without")))}</desc>
            <rect width="{Width}" height="{height}" rx="8" fill="{theme.Back}"/>
            <text x="24" y="36" font-size="17" font-weight="600" fill="{theme.Ink}">{SecurityElement.Escape(title)}</text>
            <rect x="24" y="52" width="12" height="12" rx="2" fill="{theme.Limited}"/><text x="42" y="63" font-size="13" fill="{theme.Ink}">with FuncLimiter</text>
            <rect x="160" y="52" width="12" height="12" rx="2" fill="{theme.Baseline}"/><text x="178" y="63" font-size="13" fill="{theme.Ink}">without</text>

            """);
        for (var place = 0; place < rows.Count; place++)
        {
            var (row, y) = (rows[place], Top + (place * RowHeight));
            var most = Math.Max(Math.Max(row.Limited, row.Baseline), double.Epsilon);
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="24" y="{y + 24}" font-size="14" fill="{theme.Ink}">{SecurityElement.Escape(row.Name)}</text>""");
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="24" y="{y + 42}" font-size="12" fill="{theme.Quiet}">{SecurityElement.Escape(row.Note)}</text>{'\n'}""");
            Bar(svg, y + 6, row.Limited / most, row.LimitedText, theme.Limited, theme.Ink);
            Bar(svg, y + 30, row.Baseline / most, row.BaselineText, theme.Baseline, theme.Ink);
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void Bar(StringBuilder svg, int y, double share, string text, string colour, string ink)
    {
        var length = Math.Max(2, share * LongestBar);
        svg.Append(CultureInfo.InvariantCulture, $"""<rect x="{Left}" y="{y}" width="{length:0.#}" height="18" rx="3" fill="{colour}"/><text x="{Left + length + 8:0.#}" y="{y + 14}" font-size="13" fill="{ink}">{SecurityElement.Escape(text)}</text>{'\n'}""");
    }

    private static IReadOnlyList<PictureRow> Rows(DemoSide limited, DemoSide baseline) =>
    [
        Row("refused", "429s that agents saw", limited.Refused, baseline.Refused, "N0"),
        Row("given up", "calls, after their last retry", limited.GaveUp, baseline.GaveUp, "N0"),
        Row("interactive", "first try to answer, 99 of 100", Wait(limited), Wait(baseline), "0.0 s"),
        Row("provider's limit used", "of what it could have given", limited.Utilization, baseline.Utilization, "0.0 %"),
    ];

    private static PictureRow Row(string name, string note, double limited, double baseline, string format) =>
        new(name, note, limited, baseline, limited.ToString(format, CultureInfo.InvariantCulture), baseline.ToString(format, CultureInfo.InvariantCulture));

    private static double Wait(DemoSide side) => side.UntilAnswer.TryGetValue(FleetPriority.Interactive, out var wait) ? wait.P99 / 1000 : 0;

    /// <summary>A picture's colours.</summary>
    internal sealed record Theme(string Name, string Back, string Ink, string Quiet, string Limited, string Baseline);
}

/// <summary>One figure of both sides, as it is drawn and as it is written.</summary>
internal sealed record PictureRow(string Name, string Note, double Limited, double Baseline, string LimitedText, string BaselineText);
