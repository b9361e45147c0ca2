using System.Globalization;
using FsCheck.Fluent;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Tests.Properties;

namespace FuncLimiter.Providers.Tests.Responses;

public class DatesTests
{
    private static readonly DateTimeOffset Expected = new(2026, 9, 1, 12, 1, 30, TimeSpan.Zero);

    [Theory]
    [InlineData("Tue, 01 Sep 2026 12:01:30 GMT")]
    [InlineData("Tuesday, 01-Sep-26 12:01:30 GMT")]
    [InlineData("Tue Sep  1 12:01:30 2026")]
    [InlineData("Fri, 01 Sep 2026 12:01:30 GMT")]
    public void TryHttp_OfTheThreeForms_ReadsUtc(string text)
    {
        Assert.True(Dates.TryHttp(text, out var date));
        Assert.Equal(Expected, date);
    }

    [Theory]
    [InlineData("3, 7")]
    [InlineData("-1")]
    [InlineData("tomorrow")]
    [InlineData("Tue, 01 Sep 2026")]
    [InlineData("Foo, 01 Sep 2026 12:01:30 GMT")]
    [InlineData("Tue, 32 Sep 2026 12:01:30 GMT")]
    [InlineData("2026-09-01T12:01:30Z")]
    public void TryHttp_OfAnythingElse_Refuses(string text) => Assert.False(Dates.TryHttp(text, out _));

    [Theory]
    [InlineData("2026-09-01T12:01:30Z")]
    [InlineData("2026-09-01T14:01:30+02:00")]
    [InlineData("2026-09-01T12:01:30.000000000Z")]
    [InlineData("2026-09-01t12:01:30z")]
    public void TryRfc3339_ReadsTheInstant(string text)
    {
        Assert.True(Dates.TryRfc3339(text, out var date));
        Assert.Equal(Expected, date);
    }

    [Theory]
    [InlineData("2026-09-01T12:01:30")]
    [InlineData("2026-09-01")]
    [InlineData("2026-13-01T12:01:30Z")]
    [InlineData("1788264090")]
    [InlineData("2026-09-01T12:01:30,5Z")]
    public void TryRfc3339_OfAnythingElse_Refuses(string text) => Assert.False(Dates.TryRfc3339(text, out _));

    [Fact]
    public void TryHttp_ReadsEveryDateBack() => Always.Holds(
        Gen.Choose(0, int.MaxValue),
        seconds => Dates.TryHttp(DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("R", CultureInfo.InvariantCulture), out var date)
            && date.ToUnixTimeSeconds() == seconds);

    [Theory]
    [InlineData("2026-09-01T12:00:00Z", "2026-09-02T07:00:00Z")]
    [InlineData("2026-12-01T12:00:00Z", "2026-12-02T08:00:00Z")]
    [InlineData("2026-03-08T08:30:00Z", "2026-03-09T07:00:00Z")]
    [InlineData("2026-11-01T07:30:00Z", "2026-11-02T08:00:00Z")]
    [InlineData("2026-09-02T07:00:00Z", "2026-09-03T07:00:00Z")]
    public void NextMidnight_FollowsCaliforniasClocks(string now, string midnight) => Assert.Equal(
        DateTimeOffset.Parse(midnight, CultureInfo.InvariantCulture),
        PacificTime.NextMidnight(DateTimeOffset.Parse(now, CultureInfo.InvariantCulture)));

    [Fact]
    public void PacificTime_WhenTheMachineHasNoTimeZoneData_IsTheSameByRule()
    {
        var rule = PacificTime.ByRule();
        var system = TimeZoneInfo.FindSystemTimeZoneById("America/Los_Angeles");

        for (var hour = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc); hour.Year < 2029; hour = hour.AddHours(1))
        {
            Assert.Equal(system.GetUtcOffset(hour), rule.GetUtcOffset(hour));
        }
    }
}
