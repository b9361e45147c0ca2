using FuncLimiter.Core.Budgets;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Budgets;

public class CalendarDayTests
{
    private static readonly TimeZoneInfo Pacific = Zone("Pacific", -8, Turn(3, 2, 2), Turn(11, 1, 2));

    // Clocks go from midnight straight to one o'clock, and from one back to midnight.
    private static readonly TimeZoneInfo AtMidnight = Zone("At midnight", -5, Turn(3, 2, 0), Turn(11, 1, 1));

    [Theory]
    [InlineData("2026-01-15T12:00:00Z", "2026-01-16T08:00:00Z")]
    [InlineData("2026-01-16T07:59:59Z", "2026-01-16T08:00:00Z")]
    [InlineData("2026-07-01T12:00:00Z", "2026-07-02T07:00:00Z")]
    [InlineData("2026-03-08T07:59:00Z", "2026-03-08T08:00:00Z")] // the eve of the change to summer time
    [InlineData("2026-03-08T09:00:00Z", "2026-03-09T07:00:00Z")] // the day of it has 23 hours
    [InlineData("2026-11-01T06:59:00Z", "2026-11-01T07:00:00Z")]
    [InlineData("2026-11-01T08:00:00Z", "2026-11-02T08:00:00Z")] // the day of the change back has 25
    public void FitsAt_WhenTheDayIsFull_IsMidnightInTheProvidersZone(string now, string midnight)
    {
        var day = Day(10, Pacific, Caution.None());
        day.Take(10, Moment(now));

        Assert.Equal(Moment(midnight), day.FitsAt(1, Moment(now)));
        Assert.Equal(Moment(midnight), day.WholeAt(Moment(now)));
        Assert.True(day.FitsAt(1, Moment(midnight) - Tick) > Moment(midnight) - Tick);
        Assert.Equal(Moment(midnight), day.FitsAt(10, Moment(midnight)));
    }

    [Theory]
    [InlineData("2026-03-08T03:00:00Z", "2026-03-08T05:00:00Z")] // midnight is skipped: the day begins at one o'clock
    [InlineData("2026-11-01T03:00:00Z", "2026-11-01T04:00:00Z")] // midnight comes twice: the first counts
    public void FitsAt_WhenTheClocksChangeAtMidnight_IsTheFirstMomentOfTheDay(string now, string midnight)
    {
        var day = Day(10, AtMidnight, Caution.None());
        day.Take(10, Moment(now));

        Assert.Equal(Moment(midnight), day.FitsAt(1, Moment(now)));
    }

    [Fact]
    public void Take_NearMidnight_CountsForBothDays()
    {
        var midnight = Moment("2026-01-16T00:00:00Z");
        var day = Day(10, null, new Caution());
        day.Take(6, midnight - Seconds(0.04));
        Assert.Equal(6, day.Used(midnight - Tick));
        Assert.Equal(6, day.Used(midnight + Seconds(3600)));

        day.Take(4, midnight + Seconds(0.01));
        Assert.Equal(10, day.Used(midnight + Seconds(3600)));
        Assert.Equal(Moment("2026-01-17T00:00:00Z") + Seconds(Jitter), day.FitsAt(1, midnight + Seconds(1)));
    }

    [Fact]
    public void FitsAt_WhenTheDayBeforeIsFull_LetsOneJitterPassAfterMidnight()
    {
        var midnight = Moment("2026-01-16T00:00:00Z");
        var day = Day(10, null, new Caution());
        day.Take(10, midnight - Seconds(100));

        var fits = day.FitsAt(1, midnight - Seconds(99));

        Assert.Equal(midnight + Seconds(Jitter), fits);
        Assert.True(day.FitsAt(1, fits - Tick) > fits - Tick);
        Assert.Equal(fits, day.FitsAt(1, fits));
    }

    [Fact]
    public void GiveBack_AfterMidnight_ReturnsNothingOfTheNewDay()
    {
        var midnight = Moment("2026-01-16T00:00:00Z");
        var day = Day(10, null, Caution.None());
        day.Take(8, midnight - Seconds(10));
        day.Take(5, midnight + Seconds(10));

        day.Settle(8, 1, midnight - Seconds(10), midnight + Seconds(20));
        Assert.Equal(5, day.Used(midnight + Seconds(20)));

        day.Settle(5, 1, midnight + Seconds(10), midnight + Seconds(20));
        Assert.Equal(1, day.Used(midnight + Seconds(20)));
    }

    [Fact]
    public void FitsAt_WhenDaysWentByUnseen_StartsAnew()
    {
        var day = Day(10, null, new Caution());
        day.Take(10, Moment("2026-01-15T23:59:59.99Z"));

        Assert.Equal(Moment("2026-01-18T12:00:00Z"), day.FitsAt(10, Moment("2026-01-18T12:00:00Z")));
    }

    [Fact]
    public void Observe_WhenMoreIsGoneThanWeTook_CountsItForTheDay()
    {
        var day = Day(100, null, Caution.None());
        var noon = Moment("2026-01-15T12:00:00Z");
        day.Take(10, noon);

        day.Observe(new LimitReading(Dimension.Requests, null, 100, 40, null), new(noon), noon + Seconds(1));

        Assert.Equal(59, day.Used(noon + Seconds(1)));
        Assert.Equal(0, day.Used(noon + Seconds(13 * 3600)));
    }

    private static Instant Moment(string time) =>
        Instant.From(DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture));

    private static CalendarDay Day(long limit, TimeZoneInfo? zone, Caution caution) =>
        new(new Limit(Dimension.Requests, limit, TimeSpan.FromDays(1), LimitAlgorithm.CalendarDay) { TimeZone = zone }, caution);

    private static TimeZoneInfo.TransitionTime Turn(int month, int week, int hour) =>
        TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, hour, 0, 0), month, week, DayOfWeek.Sunday);

    private static TimeZoneInfo Zone(string name, int hours, TimeZoneInfo.TransitionTime from, TimeZoneInfo.TransitionTime to) =>
        TimeZoneInfo.CreateCustomTimeZone(
            name,
            TimeSpan.FromHours(hours),
            name,
            name,
            name,
            [TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(DateTime.MinValue.Date, DateTime.MaxValue.Date, TimeSpan.FromHours(1), from, to)]);
}
