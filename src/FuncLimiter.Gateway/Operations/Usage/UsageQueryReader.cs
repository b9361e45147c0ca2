using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Configuration;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Operations.Usage;

/// <summary>Reads a question to the ledger from a query string.</summary>
internal sealed class UsageQueryReader(UsageConfiguration kept)
{
    /// <summary>The most lines of one page.</summary>
    public const int MostLines = 10_000;

    private const int MostBy = 5;
    private const int LongestLabel = 512;

    private static readonly string[] Parameters = ["by", "from", "to", "interval", "order", "format", "limit", "after", .. UsageNames.All];
    private static readonly string[] Times = ["yyyy-MM-dd", "yyyy-MM-ddTHH:mmK", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK"];

    /// <summary>Reads a question.</summary>
    public bool TryRead(
        IQueryCollection parameters, DateTimeOffset now, [NotNullWhen(true)] out UsageQuery? query, [NotNullWhen(false)] out GatewayError? error)
    {
        query = null;
        error = Unknown(parameters);
        var by = error is null ? By(Text(parameters, "by"), out error) : [];
        var where = Where(parameters, ref error);
        var interval = error is null ? Interval(Text(parameters, "interval"), out error) : null;
        var order = Text(parameters, "order");
        error ??= order is null or "name" or "cost" ? null : Wrong("order", $"'order' is 'name' or 'cost', not '{Short(order)}'.");
        var limit = error is null ? Limit(Text(parameters, "limit"), out error) : 0;
        var until = error is null ? Time(parameters, "to", now, out error) : now;
        var from = error is null ? Time(parameters, "from", until - (interval == UsageGrain.Day ? TimeSpan.FromDays(30) : TimeSpan.FromDays(1)), out error) : now;
        if (error is not null)
        {
            return false;
        }

        var needsHours = interval == UsageGrain.Hour || by.Contains(UsageDimension.Run) || where.ContainsKey(UsageDimension.Run);
        var grain = interval == UsageGrain.Day && !needsHours || !needsHours && IsWholeDays(from, until, now) ? UsageGrain.Day : UsageGrain.Hour;
        query = new UsageQuery(grain, grain.Floor(from), grain.Ceiling(until)) { By = by, BySpan = interval is not null, Where = where, DearestFirst = order == "cost", Limit = limit };
        error = Fault(query, interval, now) ?? Place(Text(parameters, "after"), ref query);
        return error is null;
    }

    private static GatewayError? Unknown(IQueryCollection parameters)
    {
        foreach (var (name, values) in parameters)
        {
            if (!Parameters.Contains(name))
            {
                return Wrong(name, $"There is no parameter '{Short(name)}'. Use {string.Join(", ", Parameters)}.");
            }

            if (values.Count != 1)
            {
                return Wrong(name, $"'{name}' is given {values.Count} times; give it once.");
            }
        }

        return null;
    }

    private static List<UsageDimension> By(string? text, out GatewayError? error)
    {
        var by = new List<UsageDimension>();
        error = null;
        foreach (var name in (text ?? string.Empty).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (UsageNames.Find(name) is not { } dimension || by.Contains(dimension) || by.Count == MostBy)
            {
                error = Wrong("by", $"'by' takes up to {MostBy} different ones of {string.Join(", ", UsageNames.All)}, with commas between; '{Short(name)}' does not fit.");
                return [];
            }

            by.Add(dimension);
        }

        return by;
    }

    private static Dictionary<UsageDimension, string> Where(IQueryCollection parameters, ref GatewayError? error)
    {
        var where = new Dictionary<UsageDimension, string>();
        foreach (var name in UsageNames.All)
        {
            if (parameters.TryGetValue(name, out var value))
            {
                error ??= value.ToString().Length > LongestLabel ? Wrong(name, $"'{name}' is longer than {LongestLabel} characters.") : null;
                where[UsageNames.Find(name)!.Value] = value.ToString();
            }
        }

        return where;
    }

    private static UsageGrain? Interval(string? text, out GatewayError? error)
    {
        error = text is null or "hour" or "day" ? null : Wrong("interval", $"'interval' is 'hour' or 'day', not '{Short(text)}'.");
        return text switch { "hour" => UsageGrain.Hour, "day" => UsageGrain.Day, _ => null };
    }

    private static int Limit(string? text, out GatewayError? error)
    {
        var limit = 1_000;
        error = text is null || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is > 0 and <= MostLines)
            ? null
            : Wrong("limit", $"'limit' is a whole number from 1 to {MostLines}, not '{Short(text)}'.");
        return limit;
    }

    // A '+' in an address is a space once decoded.
    private static DateTimeOffset Time(IQueryCollection parameters, string name, DateTimeOffset usual, out GatewayError? error)
    {
        error = null;
        if (Text(parameters, name) is not { } text)
        {
            return usual;
        }

        if (DateTimeOffset.TryParseExact(text.Replace(' ', '+'), Times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            && time.UtcDateTime.Year is > 2000 and < 3000)
        {
            return time.ToUniversalTime();
        }

        error = Wrong(name, $"'{name}' is a time as 2026-11-21, 2026-11-21T14:00Z or 2026-11-21T14:00:00+01:00, not '{Short(text)}'.");
        return usual;
    }

    private static bool IsWholeDays(DateTimeOffset from, DateTimeOffset until, DateTimeOffset now) =>
        UsageGrain.Day.Floor(from) == from && (UsageGrain.Day.Floor(until) == until || until > now);

    private GatewayError? Fault(UsageQuery query, UsageGrain? interval, DateTimeOffset now) =>
        interval == UsageGrain.Day && query.Grain == UsageGrain.Hour ? Wrong("interval", "Runs are kept by the hour: leave 'interval' out, or ask for 'hour'.")
        : query.From >= query.Until ? Wrong("from", "'from' must be before 'to'.")
        : query.Until - query.From > kept.KeepDays + TimeSpan.FromDays(2) ? Wrong("from", $"Usage is kept for {kept.KeepDays.Days} days; ask for no longer a time.")
        : query.Grain == UsageGrain.Hour && query.From < UsageGrain.Hour.Floor(now - kept.KeepHours)
            ? Wrong(
                "from",
                $"Hours and runs are kept for {kept.KeepHours.Days} days. For an earlier time ask for whole days in UTC"
                    + (interval == UsageGrain.Hour ? ", and leave interval=hour out." : ", and leave runs out."))
        : null;

    private static GatewayError? Place(string? after, ref UsageQuery query)
    {
        if (after is null)
        {
            return null;
        }

        if (query.DearestFirst)
        {
            return Wrong("after", "What is in the order of cost has no further page: ask for more lines by 'limit', or leave 'order' out.");
        }

        query = query with { After = UsagePlace.Read(after, query.By.Count) };
        return query.After is null ? Wrong("after", "'after' is what an answer's 'next' said, with the same question; this is not.") : null;
    }

    private static string? Text(IQueryCollection parameters, string name) =>
        parameters.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text ? text : null;

    private static string Short(string text) => text.Length <= 40 ? text : text[..40];

    private static GatewayError Wrong(string parameter, string message) => GatewayError.BadRequest("invalid_parameter", message, parameter);
}
