namespace FuncLimiter.Providers.Responses;

/// <summary>When to come back, as the provider said, and where it said so.</summary>
/// <param name="Seconds">Seconds from the response on, at least 0, uncapped.</param>
/// <param name="Source">The name of what won, see <see cref="ResponseReading.RetryAfterSource"/>.</param>
internal readonly record struct RetryHint(double Seconds, string Source)
{
    /// <summary>Hints beyond this are passed on in seconds, but held to it as a span, so that no sum of times overflows.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <summary>The header, and the names that gateways give it.</summary>
    private static readonly string[] Names = ["retry-after", "x-retry-after", "x-ratelimit-retry-after"];

    /// <summary>
    /// The first that holds of: <c>retry-after-ms</c> or Azure's <c>x-ms-retry-after-ms</c> above 0, <c>retry-after</c>, either of the first
    /// at 0, the body's text, and the reset of an exhausted window.
    /// </summary>
    /// <param name="headers">The headers.</param>
    /// <param name="bodySeconds">The longest wait that the body names; null for none.</param>
    /// <param name="resetSeconds">The reset of an exhausted window; null for none, and for buckets, whose reset is the time to full.</param>
    public static RetryHint? Find(in HeaderValues headers, double? bodySeconds, double? resetSeconds)
    {
        var milliseconds = headers.Number("retry-after-ms");
        var name = "retry-after-ms";
        if (milliseconds is not > 0 && headers.Number("x-ms-retry-after-ms") is { } azures)
        {
            (milliseconds, name) = (azures, "x-ms-retry-after-ms");
        }

        if (milliseconds is > 0)
        {
            return new RetryHint(milliseconds.Value / 1000, name);
        }

        foreach (var header in Names)
        {
            if (headers.Text(header) is { } after && RetryAfter(headers, after) is { } seconds)
            {
                return new RetryHint(seconds, "retry-after");
            }
        }

        if (milliseconds is 0)
        {
            return new RetryHint(0, name);
        }

        if (bodySeconds is { } body)
        {
            return new RetryHint(body, "body");
        }

        return resetSeconds is { } reset ? new RetryHint(reset, "reset-header") : null;
    }

    /// <summary>The hint as a span, held to <see cref="Longest"/>.</summary>
    public TimeSpan ToSpan() => Seconds >= Longest.TotalSeconds ? Longest : TimeSpan.FromSeconds(Seconds);

    /// <summary>A span of seconds for a reading, held to <see cref="Longest"/>.</summary>
    public static TimeSpan? ToSpan(double? seconds) => seconds is { } known ? new RetryHint(known, "").ToSpan() : null;

    private static double? RetryAfter(in HeaderValues headers, string text)
    {
        if (Durations.TryNumber(text, out var seconds))
        {
            return headers.SecondsOrMoment(seconds);
        }

        if (Durations.TryDuration(text, out seconds))
        {
            return seconds;
        }

        return Dates.TryRead(text, out var date) ? headers.Until(date) : null;
    }
}
