using System.Text.Json;

namespace FuncLimiter.Gateway.Usage;

/// <summary>Writes an answer as JSON.</summary>
internal static class UsageAnswerJson
{
    /// <summary>Writes the whole answer.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="query">The question.</param>
    /// <param name="page">The answer.</param>
    /// <param name="next">Where it goes on; null where it doesn't.</param>
    public static void Write(Utf8JsonWriter json, UsageQuery query, UsagePage page, string? next)
    {
        json.WriteStartObject();
        json.WriteString("from"u8, UsageTimes.Write(query.From));
        json.WriteString("to"u8, UsageTimes.Write(query.Until));
        json.WriteString("interval"u8, query.BySpan ? query.Grain == UsageGrain.Hour ? "hour" : "day" : "none");
        json.WriteStartArray("by"u8);
        foreach (var dimension in query.By)
        {
            json.WriteStringValue(UsageNames.Of(dimension));
        }

        json.WriteEndArray();
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
