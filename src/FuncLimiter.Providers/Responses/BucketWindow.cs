using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Responses;

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
