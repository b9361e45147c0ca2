namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>The zone in whose midnight Google's daily quotas start anew.</summary>
internal static class PacificTime
{
    private const string IanaId = "America/Los_Angeles";

    public static readonly TimeZoneInfo Zone = Find();

    // Small container images come without time zone data; the law's rule since 2007 stands in for it.
    internal static TimeZoneInfo ByRule()
    {
        var twoInTheNight = new DateTime(1, 1, 1, 2, 0, 0);
        var summer = TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
            DateTime.MinValue.Date,
            DateTime.MaxValue.Date,
            TimeSpan.FromHours(1),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(twoInTheNight, 3, 2, DayOfWeek.Sunday),
            TimeZoneInfo.TransitionTime.CreateFloatingDateRule(twoInTheNight, 11, 1, DayOfWeek.Sunday));
        return TimeZoneInfo.CreateCustomTimeZone(IanaId, TimeSpan.FromHours(-8), "Pacific Time", "Pacific Standard Time", "Pacific Daylight Time", [summer]);
    }

    private static TimeZoneInfo Find() =>
        TimeZoneInfo.TryFindSystemTimeZoneById(IanaId, out var zone) || TimeZoneInfo.TryFindSystemTimeZoneById("Pacific Standard Time", out zone)
            ? zone
            : ByRule();
}
