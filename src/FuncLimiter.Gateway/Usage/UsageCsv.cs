using System.Buffers;
using System.Globalization;
using System.Text;

namespace FuncLimiter.Gateway.Usage;

/// <summary>Writes an answer as comma-separated values. Source: RFC 4180.</summary>
internal static class UsageCsv
{
    private static readonly SearchValues<char> Quoted = SearchValues.Create("\",\r\n");

    /// <summary>The whole text, with a line of names first.</summary>
    public static string Write(UsageQuery query, UsagePage page)
    {
        var text = new StringBuilder(4096);
        if (query.BySpan)
        {
            text.Append("from,");
        }

        text.AppendJoin(',', query.By.Select(UsageNames.Of).Concat(UsageFigures.Names)).Append("\r\n");
        foreach (var line in page.Lines)
        {
            if (query.BySpan)
            {
                text.Append(UsageTimes.Write(line.Place.From)).Append(',');
            }

            foreach (var label in line.Place.Labels)
            {
                text.Append(Cell(label)).Append(',');
            }

            text.AppendJoin(',', UsageFigures.Of(line.Totals, page.Total).Select(figure => figure?.ToString(CultureInfo.InvariantCulture))).Append("\r\n");
        }

        return text.ToString();
    }

    // Names come from callers. Spreadsheets take what begins like this for a formula and run it; with an apostrophe before it, it is a text.
    private static string Cell(string label)
    {
        var safe = label.TrimStart() is ['=' or '+' or '-' or '@', ..] || label is ['\t' or '\r' or '\n' or '\0', ..] ? $"'{label}" : label;
        return safe.AsSpan().ContainsAny(Quoted) ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }
}
