using System.Collections.ObjectModel;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Responses;

/// <summary>Collects the limits that one response reports.</summary>
internal sealed class LimitTable
{
    private Dictionary<string, NamedLimit>? _named;
    private List<LimitReading>? _readings;

    /// <summary>By name, as a reading tells them.</summary>
    public IReadOnlyDictionary<string, NamedLimit> Named => _named ?? (IReadOnlyDictionary<string, NamedLimit>)ReadOnlyDictionary<string, NamedLimit>.Empty;

    /// <summary>In the core's terms.</summary>
    public IReadOnlyList<LimitReading> Readings => _readings ?? (IReadOnlyList<LimitReading>)[];

    /// <summary>Reads each set of headers that is there.</summary>
    public void Add(in HeaderValues headers, ReadOnlySpan<LimitHeaders> sets)
    {
        foreach (var set in sets)
        {
            var window = (set.Period is { } period ? headers.Number(period) : null) ?? (set.WindowIsImplied ? null : set.Window?.TotalSeconds);
            var limit = new NamedLimit(
                headers.Number(set.Limit), headers.Number(set.Remaining), set.Reset is { } reset ? headers.Reset(reset) : null, null, window);
            Add(set.Name, limit, set.Dimension, RetryHint.ToSpan(window) ?? set.Window);
        }
    }

    /// <summary>Adds one limit, unless nothing is known of it.</summary>
    /// <param name="name">Its name; a second of that name replaces the first.</param>
    /// <param name="limit">What was told.</param>
    /// <param name="dimension">What the core calls it; null where the core shall not hear of it.</param>
    /// <param name="window">Its window, where known.</param>
    public void Add(string name, NamedLimit limit, Dimension? dimension, TimeSpan? window)
    {
        if (limit.IsEmpty)
        {
            return;
        }

        (_named ??= [])[name] = limit;
        if (dimension is { } counted)
        {
            _readings ??= [];
            _readings.RemoveAll(reading => reading.Dimension == counted && reading.Window == window);
            _readings.Add(new LimitReading(counted, window, Whole(limit.Limit), Whole(limit.Remaining), RetryHint.ToSpan(limit.ResetSeconds)));
        }
    }

    /// <summary>Changes what the core hears; what the reading tells stays.</summary>
    public void Refine(Func<LimitReading, LimitReading> change)
    {
        for (var i = 0; i < (_readings?.Count ?? 0); i++)
        {
            _readings![i] = change(_readings[i]);
        }
    }

    /// <summary>Keeps from the core what makes no sense; what the reading tells stays.</summary>
    public void Forget(Predicate<LimitReading> isNonsense) => _readings?.RemoveAll(isNonsense);

    /// <summary>Changes what a reading tells and what the core hears.</summary>
    public void Complete(Func<NamedLimit, NamedLimit> named, Func<LimitReading, LimitReading> reading)
    {
        foreach (var name in _named?.Keys.ToArray() ?? [])
        {
            _named![name] = named(_named[name]);
        }

        Refine(reading);
    }

    /// <summary>The longest reset of the limits of which nothing is left; null where none is exhausted.</summary>
    public double? ResetOfExhausted() => _named?.Values.Where(limit => limit.Remaining is 0).Max(limit => limit.ResetSeconds);

    /// <summary>The one dimension of which nothing is left; null where none or several are exhausted.</summary>
    public Dimension? Exhausted()
    {
        var full = Readings.Where(reading => reading.Remaining is 0).Select(reading => reading.Dimension).Distinct().Take(2).ToArray();
        return full.Length == 1 ? full[0] : null;
    }

    private static long? Whole(double? value) => value is { } known ? (long)Math.Min(known, 1e15) : null;
}

/// <summary>The names by which limits are reported, and what they are to the core and to a caller.</summary>
internal static class LimitNames
{
    public const string Requests = "requests";
    public const string Tokens = "tokens";
    public const string InputTokens = "inputTokens";
    public const string OutputTokens = "outputTokens";
    public const string Concurrent = "concurrent";

    /// <summary>The core's dimension of a limit; null for images, audio and other things that it does not count.</summary>
    public static Dimension? DimensionOf(string? name) => name switch
    {
        Requests => Dimension.Requests,
        Tokens => Dimension.Tokens,
        InputTokens => Dimension.InputTokens,
        OutputTokens => Dimension.OutputTokens,
        Concurrent => Dimension.Concurrent,
        _ => null,
    };

    /// <summary>The reason for a failure on a limit: <c>rate_limit_input_tokens</c> for <c>inputTokens</c>.</summary>
    public static string ReasonOf(string? name) => name switch
    {
        null => Reasons.RateLimit,
        Requests => "rate_limit_requests",
        Tokens => "rate_limit_tokens",
        InputTokens => "rate_limit_input_tokens",
        OutputTokens => "rate_limit_output_tokens",
        Concurrent => Reasons.Concurrency,
        _ => $"{Reasons.RateLimit}_{string.Concat(name.Select(letter => char.IsUpper(letter) ? $"_{char.ToLowerInvariant(letter)}" : $"{letter}"))}",
    };

    /// <summary>The seconds of a named window; null for a month, whose length varies, and for no name.</summary>
    public static double? SecondsOf(string? window) => window == Windows.Month ? null : Durations.SecondsPer(window);
}

/// <summary>Tells a bucket's window from its own figures, where headers of one name serve limits by the minute and by the day.</summary>
internal static class BucketWindow
{
    /// <summary>
    /// A bucket's reset is the time in which what is missing flows back: 1 of 200 missing and 7m12s to full is 200 a day. What is not
    /// near a day is taken for the usual minute.
    /// </summary>
    public static LimitReading Infer(LimitReading reading)
    {
        if (reading.Window is not null)
        {
            return reading;
        }

        var isDay = reading is { Limit: > 0 and { } limit, Remaining: { } remaining, ResetIn: { } reset }
            && remaining < limit
            && reset.TotalSeconds * limit / (limit - remaining) is >= 43_200 and <= 172_800;
        return reading with { Window = isDay ? TimeSpan.FromDays(1) : TimeSpan.FromMinutes(1) };
    }
}

/// <summary>The names of windows in error texts.</summary>
internal static class Windows
{
    public const string Second = "second";
    public const string Minute = "minute";
    public const string Hour = "hour";
    public const string Day = "day";
    public const string Month = "month";
}
