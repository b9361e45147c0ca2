using FsCheck.Fluent;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Tests.Properties;

namespace FuncLimiter.Providers.Tests.Responses;

public class DurationsTests
{
    [Theory]
    [InlineData("0s", 0)]
    [InlineData("120ms", 0.12)]
    [InlineData("1h2m3.5s", 3723.5)]
    [InlineData("6M0S", 360)]
    [InlineData(" 2s ", 2)]
    [InlineData("1d2h", 93600)]
    [InlineData("850us", 0.00085)]
    [InlineData("850µs", 0.00085)]
    [InlineData("5ns", 5e-9)]
    [InlineData("5 s", 5)]
    [InlineData("1m 30s", 90)]
    [InlineData("10 seconds", 10)]
    [InlineData("1 minute 30 seconds", 90)]
    [InlineData("PT30S", 30)]
    [InlineData("PT1M30.5S", 90.5)]
    [InlineData("P1DT2H", 93600)]
    [InlineData("p2d", 172800)]
    [InlineData("P1W", 604800)]
    public void TryDuration_OfWhatGoIsoAndProseWrite_GivesSeconds(string text, double seconds)
    {
        Assert.True(Durations.TryDuration(text, out var read));
        Assert.Equal(seconds, read, 12);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("5m3")]
    [InlineData("-5s")]
    [InlineData("s")]
    [InlineData("1.s")]
    [InlineData("30s 1m")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("P1M")]
    [InlineData("P1Y")]
    [InlineData("PT1D")]
    [InlineData("PT5")]
    [InlineData("-PT5S")]
    [InlineData("T5S")]
    [InlineData("10 seconds ago")]
    [InlineData(".5s")]
    [InlineData("5x")]
    [InlineData("1e3s")]
    [InlineData("٥s")]
    [InlineData("99999999999999999999999999999999999999999999999999999999999999999999s")]
    public void TryDuration_OfAnythingElse_Refuses(string text) => Assert.False(Durations.TryDuration(text, out _));

    [Theory]
    [InlineData("7", 7)]
    [InlineData(" 7.25 ", 7.25)]
    [InlineData("99999999999", 99999999999)]
    [InlineData("007", 7)]
    public void TryNumber_OfDigits_GivesTheNumber(string text, double number)
    {
        Assert.True(Durations.TryNumber(text, out var read));
        Assert.Equal(number, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("0x10")]
    [InlineData("1e3")]
    [InlineData("Infinity")]
    [InlineData("1,000")]
    [InlineData("3, 7")]
    [InlineData("1.")]
    [InlineData(".1")]
    [InlineData("1.2.3")]
    [InlineData("٣")]
    public void TryNumber_OfAnythingElse_Refuses(string text) => Assert.False(Durations.TryNumber(text, out _));

    [Fact]
    public void TryDuration_ReadsEveryDurationBack() => Always.Holds(
        from hours in Gen.Choose(0, 999)
        from minutes in Gen.Choose(0, 59)
        from milliseconds in Gen.Choose(0, 59_999)
        select (hours, minutes, milliseconds),
        given => Durations.TryDuration($"{given.hours}h{given.minutes}m{given.milliseconds}ms", out var seconds)
            && Math.Abs(seconds - ((given.hours * 3600) + (given.minutes * 60) + (given.milliseconds / 1000.0))) < 1e-6);
}
