namespace FuncLimiter.Providers.Responses;

/// <summary>United States Pacific time by its rule in law since 2007, the same on machines that have no time zone data.</summary>
internal static class PacificTime
{
    /// <summary>The zone.</summary>
    public static readonly TimeZoneInfo Zone = TimeZoneInfo.CreateCustomTimeZone(
        "Pacific Time",
        TimeSpan.FromHours(-8),
        "Pacific Time",
        "Pacific Standard Time",
        "Pacific Daylight Time",
        [
            TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
                new DateTime(2007, 1, 1),
                DateTime.MaxValue.Date,
                TimeSpan.FromHours(1),
                TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 2, 0, 0), 3, 2, DayOfWeek.Sunday),
                TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 2, 0, 0), 11, 1, DayOfWeek.Sunday)),
        ]);

    /// <summary>The next midnight, when a day's quota starts anew. Clocks never change at midnight, so it is never ambiguous.</summary>
    public static DateTimeOffset NextMidnight(DateTimeOffset now)
    {
        var local = TimeZoneInfo.ConvertTime(now, Zone).Date.AddDays(1);
        return new DateTimeOffset(local, Zone.GetUtcOffset(local));
    }
}
