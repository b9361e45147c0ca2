namespace FuncLimiter.Providers.Responses;

/// <summary>A response's headers, read strictly: what makes no sense counts as absent.</summary>
/// <param name="headers">All values of a header by its name in any case, joined by a comma; null where absent.</param>
/// <param name="now">The time of receipt; null where it is unknown, then absolute times count as absent.</param>
internal readonly struct HeaderValues(Func<string, string?> headers, DateTimeOffset? now)
{
    private const int MostParts = 64;
    private const double EpochSecondsFrom = 1e9;
    private const double EpochMillisecondsFrom = 1e11;
    private const double EpochMicrosecondsFrom = 1e14;
    private const double EpochNanosecondsFrom = 1e17;

    /// <summary>No headers, as inside a stream.</summary>
    public static HeaderValues None(DateTimeOffset? now) => new(static _ => null, now);

    /// <summary>The time of receipt.</summary>
    public DateTimeOffset? Now => now;

    /// <summary>A header without the blanks around it; null where absent or empty. Lines that all say the same are one.</summary>
    public string? Text(string name) => headers(name)?.Trim() is { Length: > 0 } text ? Unquoted(Once(text)) : null;

    /// <summary>A number of at least 0; of a limit with its policies (<c>100, 100;w=60</c>) the limit.</summary>
    public double? Number(string name)
    {
        var text = Text(name);
        var plain = text?.Contains(';') == true ? text[..text.IndexOfAny([',', ';'])] : text;
        return plain is not null && Durations.TryNumber(plain, out var value) ? value : null;
    }

    /// <summary>Seconds from now until a reset, at least 0.</summary>
    public double? Reset(string name) => Text(name) is { } text ? SecondsUntil(text) : null;

    /// <summary>Seconds from now: a plain number by its size is seconds, an epoch in seconds or one in milliseconds; else a duration or a date.</summary>
    public double? SecondsUntil(ReadOnlySpan<char> text)
    {
        if (Durations.TryNumber(text, out var number))
        {
            return number switch
            {
                > EpochNanosecondsFrom => FromEpoch(number / 1e9),
                > EpochMicrosecondsFrom => FromEpoch(number / 1e6),
                > EpochMillisecondsFrom => FromEpoch(number / 1000),
                > EpochSecondsFrom => FromEpoch(number),
                _ => number,
            };
        }

        if (Durations.TryDuration(text, out var seconds))
        {
            return seconds;
        }

        return Dates.TryRead(text, out var date) ? Until(date) : null;
    }

    /// <summary>
    /// Seconds from now, where a plain number is told that should be seconds. Some servers write a time there: what is, in seconds or a
    /// smaller unit since 1970, a moment within ten years of now is one. Nobody means a wait of fifty years.
    /// </summary>
    public double SecondsOrMoment(double number)
    {
        if (now is { } known)
        {
            var seconds = (known - DateTimeOffset.UnixEpoch).TotalSeconds;
            foreach (var moment in (ReadOnlySpan<double>)[number, number / 1e3, number / 1e6, number / 1e9])
            {
                if (Math.Abs(moment - seconds) < RetryHint.Longest.TotalSeconds)
                {
                    return Math.Max(0, moment - seconds);
                }
            }
        }

        return number;
    }

    /// <summary>Seconds from now until a date, at least 0.</summary>
    public double? Until(DateTimeOffset date) => now is { } known ? Math.Max(0, (date - known).TotalSeconds) : null;

    // Proxies double headers. A value may hold commas of its own, as a date does: what repeats may be any number of parts.
    private static string Once(string text)
    {
        if (!text.Contains(','))
        {
            return text;
        }

        var parts = text.Split(',', MostParts, StringSplitOptions.TrimEntries);
        for (var period = 1; period <= parts.Length / 2; period++)
        {
            if (parts.Length % period == 0 && parts.AsSpan(period).SequenceEqual(parts.AsSpan(0, parts.Length - period)))
            {
                return string.Join(", ", parts[..period]);
            }
        }

        return text;
    }

    private static string Unquoted(string text) =>
        text.Length > 2 && text[0] == '"' && text.IndexOf('"', 1) == text.Length - 1 ? text[1..^1].Trim() : text;

    private double? FromEpoch(double seconds) =>
        now is { } known ? Math.Max(0, seconds - (known - DateTimeOffset.UnixEpoch).TotalSeconds) : null;
}
