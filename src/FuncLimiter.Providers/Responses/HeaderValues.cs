namespace FuncLimiter.Providers.Responses;

/// <summary>A response's headers, read strictly: what makes no sense counts as absent.</summary>
/// <param name="headers">All values of a header by its name in any case, joined by a comma; null where absent.</param>
/// <param name="now">The time of receipt; null where it is unknown, then absolute times count as absent.</param>
internal readonly struct HeaderValues(Func<string, string?> headers, DateTimeOffset? now)
{
    private const double EpochSecondsFrom = 1e9;
    private const double EpochMillisecondsFrom = 1e11;

    /// <summary>No headers, as inside a stream.</summary>
    public static HeaderValues None(DateTimeOffset? now) => new(static _ => null, now);

    /// <summary>The time of receipt.</summary>
    public DateTimeOffset? Now => now;

    /// <summary>A header without the blanks around it; null where absent or empty.</summary>
    public string? Text(string name) => headers(name)?.Trim() is { Length: > 0 } text ? text : null;

    /// <summary>A number of at least 0.</summary>
    public double? Number(string name) => Text(name) is { } text && Durations.TryNumber(text, out var value) ? value : null;

    /// <summary>Seconds from now until a reset, at least 0.</summary>
    public double? Reset(string name) => Text(name) is { } text ? SecondsUntil(text) : null;

    /// <summary>Seconds from now: a plain number by its size is seconds, an epoch in seconds or one in milliseconds; else a duration or a date.</summary>
    public double? SecondsUntil(ReadOnlySpan<char> text)
    {
        if (Durations.TryNumber(text, out var number))
        {
            return number switch
            {
                > EpochMillisecondsFrom => FromEpoch(number / 1000),
                > EpochSecondsFrom => FromEpoch(number),
                _ => number,
            };
        }

        if (Durations.TryDuration(text, out var seconds))
        {
            return seconds;
        }

        return Dates.TryRfc3339(text, out var date) || Dates.TryHttp(text, out date) ? Until(date) : null;
    }

    /// <summary>Seconds from now until a date, at least 0.</summary>
    public double? Until(DateTimeOffset date) => now is { } known ? Math.Max(0, (date - known).TotalSeconds) : null;

    private double? FromEpoch(double seconds) =>
        now is { } known ? Math.Max(0, seconds - (known - DateTimeOffset.UnixEpoch).TotalSeconds) : null;
}
