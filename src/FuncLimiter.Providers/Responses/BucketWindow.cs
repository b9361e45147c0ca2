using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Responses;

/// <summary>Tells a bucket's window from its own figures, where headers of one name serve limits by the minute and by the day.</summary>
internal static class BucketWindow
{
    /// <summary>
    /// A bucket's reset is the time in which what is missing flows back: 1 of 200 missing and 7m12s to full is 200 a day. Only a window
    /// near a minute or a day is believed.
    /// </summary>
    public static LimitReading Infer(LimitReading reading)
    {
        if (reading is not { Window: null, Limit: > 0 and { } limit, Remaining: { } remaining, ResetIn: { } reset } || remaining >= limit)
        {
            return reading;
        }

        var seconds = reset.TotalSeconds * limit / (limit - remaining);
        return seconds switch
        {
            >= 30 and <= 120 => reading with { Window = TimeSpan.FromMinutes(1) },
            >= 43_200 and <= 172_800 => reading with { Window = TimeSpan.FromDays(1) },
            _ => reading,
        };
    }
}
