using System.Globalization;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Responses;

/// <summary>The fields of draft-ietf-httpapi-ratelimit-headers, in its newer forms and in the older one with three headers.</summary>
internal static class RateLimitFields
{
    private const int MaxItems = 16;

    private static readonly LimitHeaders OldForm = LimitHeaders.Prefixed(LimitNames.Requests, "ratelimit");

    /// <summary>Adds what the fields tell.</summary>
    public static void Read(in HeaderValues headers, LimitTable limits)
    {
        limits.Add(headers, [OldForm]);
        var found = new Dictionary<string, NamedLimit>(StringComparer.Ordinal);
        var units = new Dictionary<string, string>(StringComparer.Ordinal);
        Merge(found, headers.Text("ratelimit-policy"), units);
        Merge(found, headers.Text("ratelimit"), units);
        foreach (var (name, limit) in found)
        {
            limits.Add(name, limit, DimensionOf(units.GetValueOrDefault(name, name)), RetryHint.ToSpan(limit.WindowSeconds));
        }
    }

    /// <summary>What a policy counts, by its quota unit (<c>qu</c>), else by its name: requests, unless it says something else.</summary>
    private static Dimension? DimensionOf(string unit)
    {
        bool Says(string word) => unit.Contains(word, StringComparison.OrdinalIgnoreCase);
        return Says("byte") ? null
            : Says("concurren") ? Dimension.Concurrent
            : !Says("token") ? Dimension.Requests
            : Says("input") || Says("prompt") ? Dimension.InputTokens
            : Says("output") || Says("completion") ? Dimension.OutputTokens
            : Dimension.Tokens;
    }

    /// <summary>The longest reset of a window of which nothing is left; null where none is exhausted.</summary>
    public static double? ResetOfExhausted(in HeaderValues headers)
    {
        var found = new Dictionary<string, NamedLimit>(StringComparer.Ordinal);
        Merge(found, headers.Text("ratelimit"), []);
        var old = headers.Number(OldForm.Remaining) is 0 ? headers.Reset(OldForm.Reset!) : null;
        return found.Values.Where(limit => limit.Remaining is 0).Select(limit => limit.ResetSeconds).Append(old).Max();
    }

    /// <summary>Reads <c>"name";q=100;w=60</c>, <c>"name";r=50;t=30</c> and the keys without a name of earlier drafts.</summary>
    private static void Merge(Dictionary<string, NamedLimit> found, string? field, Dictionary<string, string> units)
    {
        foreach (var item in Split(field, ',').Take(MaxItems))
        {
            var name = LimitNames.Requests;
            var limit = new NamedLimit();
            string? unit = null;
            foreach (var part in Split(item, ';'))
            {
                var equals = part.StartsWith('"') ? -1 : part.IndexOf('=', StringComparison.Ordinal);
                if (equals > 0 && part[..equals].Trim().Equals("qu", StringComparison.OrdinalIgnoreCase))
                {
                    unit = part[(equals + 1)..].Trim().Trim('"');
                }
                else if (equals > 0)
                {
                    limit = With(limit, part[..equals].Trim(), part[(equals + 1)..].Trim().Trim('"'));
                }
                else if (Durations.TryNumber(part, out var quota))
                {
                    limit = limit with { Limit = quota };
                }
                else
                {
                    // One server writes two names; the one next to the parameters is the policy's.
                    name = part.Trim('"');
                }
            }

            var known = found.GetValueOrDefault(name, new NamedLimit());
            found[name] = new NamedLimit(
                limit.Limit ?? known.Limit, limit.Remaining ?? known.Remaining, limit.ResetSeconds ?? known.ResetSeconds, null,
                limit.WindowSeconds ?? known.WindowSeconds);
            if (unit is { Length: > 0 })
            {
                units[name] = unit;
            }
        }
    }

    private static NamedLimit With(NamedLimit limit, string key, string value)
    {
        if (!Durations.TryNumber(value, out var number))
        {
            return limit;
        }

        return key.ToLower(CultureInfo.InvariantCulture) switch
        {
            "q" or "limit" => limit with { Limit = number },
            "r" or "remaining" => limit with { Remaining = number },
            "t" or "reset" => limit with { ResetSeconds = number },
            "w" => limit with { WindowSeconds = number },
            _ => limit,
        };
    }

    /// <summary>The parts between separators that stand outside quotes, trimmed, none empty.</summary>
    private static List<string> Split(string? text, char separator)
    {
        var parts = new List<string>();
        var start = 0;
        var isQuoted = false;
        for (var i = 0; i <= (text?.Length ?? -1); i++)
        {
            if (i < text!.Length && (text[i] != separator || isQuoted))
            {
                isQuoted ^= text[i] == '"';
                continue;
            }

            var part = text[start..i].Trim();
            start = i + 1;
            if (part.Length > 0)
            {
                parts.Add(part);
            }
        }

        return parts;
    }
}
