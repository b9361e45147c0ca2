using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Operations.Usage;

/// <summary>The figures of a line, in the order and under the names that every format shows.</summary>
internal static class UsageFigures
{
    /// <summary>The figures' names.</summary>
    public static readonly string[] Names =
    [
        "calls", "answered", "refused", "failed", "abandoned", "postponed", "attempts", "inputTokens", "cachedInputTokens", "cacheWriteTokens", "outputTokens",
        "costUsd", "inputCostUsd", "outputCostUsd", "unpricedCalls", "waitedMs", "durationMs", "cacheHitRate", "inputShare", "rejectionRate", "shareOfCalls",
        "shareOfTokens", "shareOfCost",
    ];

    /// <summary>The figures: whole numbers, exact amounts of money that are null where no cost is known, and shares from 0 to 1 that are null where nothing stands below the line.</summary>
    /// <param name="line">What a line's calls used.</param>
    /// <param name="total">What all calls of the question used.</param>
    public static IReadOnlyList<decimal?> Of(in UsageTotals line, in UsageTotals total) =>
    [
        line.Calls, line.Answered, line.Refused, line.Failed, line.Abandoned, line.Postponed, line.Attempts, line.InputTokens, line.CachedTokens,
        line.CacheWriteTokens, line.OutputTokens, line.KnownCostUsd, line.IsCostKnown ? line.InputCostUsd : null,
        line.IsCostKnown ? line.CostUsd - line.InputCostUsd : null, line.Unpriced, line.WaitedMs,
        line.DurationMs, Round(line.CacheHitRate), Round(line.InputShare), Round(line.RejectionRate), Share(line.Calls, total.Calls),
        Share(line.InputTokens + line.OutputTokens, total.InputTokens + total.OutputTokens), line.IsCostKnown ? Share(line.CostUsd, total.CostUsd) : null,
    ];

    private static decimal? Round(double? share) => share is { } value ? Math.Round((decimal)value, 6) : null;

    private static decimal? Share(decimal part, decimal whole) => whole > 0 ? Math.Round(part / whole, 6) : null;
}

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

/// <summary>Writes an answer as JSON.</summary>
internal static class UsageAnswerJson
{
    /// <summary>Writes the whole answer.</summary>
    /// <param name="next">Where it goes on; null where it doesn't.</param>
    public static void Write(Utf8JsonWriter json, UsageQuery query, UsagePage page, string? next)
    {
        json.WriteStartObject();
        json.WriteString("from"u8, UsageTimes.Write(query.From));
        json.WriteString("to"u8, UsageTimes.Write(query.Until));
        json.WriteString("interval"u8, query.BySpan ? query.Grain == UsageGrain.Hour ? "hour" : "day" : "none");
        json.WriteTexts("by"u8, query.By.Select(UsageNames.Of));
        json.WriteStartArray("rows"u8);
        foreach (var line in page.Lines)
        {
            Write(json, query, line, page.Total);
        }

        json.WriteEndArray();
        json.WriteStartObject("total"u8);
        WriteFigures(json, page.Total, page.Total);
        json.WriteEndObject();
        json.WriteString("next"u8, next);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, UsageQuery query, UsageLine line, in UsageTotals total)
    {
        json.WriteStartObject();
        if (query.BySpan)
        {
            json.WriteString("from"u8, UsageTimes.Write(line.Place.From));
        }

        for (var place = 0; place < query.By.Count; place++)
        {
            var label = line.Place.Labels[place];
            json.WriteString(UsageNames.Of(query.By[place]), label.Length > 0 ? label : null);
        }

        WriteFigures(json, line.Totals, total);
        json.WriteEndObject();
    }

    private static void WriteFigures(Utf8JsonWriter json, in UsageTotals totals, in UsageTotals total)
    {
        var figures = UsageFigures.Of(totals, total);
        for (var place = 0; place < figures.Count; place++)
        {
            if (figures[place] is { } figure)
            {
                json.WriteNumber(UsageFigures.Names[place], figure);
            }
            else
            {
                json.WriteNull(UsageFigures.Names[place]);
            }
        }

        if (totals.Unpriced > 0)
        {
            json.WriteString("costUnknown"u8, totals.IsCostKnown
                ? $"{totals.Unpriced} answered calls are not in it: no price is configured for them, or the provider told no tokens"
                : "no price is configured, or the provider told no tokens");
        }
    }
}
