using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers.Tests.Responses;

public class HeaderValuesTests
{
    [Theory]
    [InlineData("30", 30.0)]
    [InlineData("1788264042", 42.0)]
    [InlineData("1788264042000", 42.0)]
    [InlineData("1788263900", 0.0)]
    [InlineData("4h17m", 15420.0)]
    [InlineData("2026-09-01T12:00:38Z", 38.0)]
    [InlineData("2026-09-01T11:00:00Z", 0.0)]
    [InlineData("Tue, 01 Sep 2026 12:01:30 GMT", 90.0)]
    [InlineData("-1", null)]
    [InlineData("soon", null)]
    public void Reset_ReadsEveryFormInTheWild(string text, double? seconds) =>
        Assert.Equal(seconds, new HeaderValues(_ => text, Answer.Now).Reset("x"));

    [Theory]
    [InlineData("1788264042")]
    [InlineData("2026-09-01T12:00:38Z")]
    public void Reset_WhenTheTimeIsUnknown_LeavesAbsoluteTimesOut(string text) =>
        Assert.Null(new HeaderValues(_ => text, null).Reset("x"));

    [Theory]
    [InlineData("-1")]
    [InlineData("")]
    [InlineData("many")]
    public void Number_OfWhatIsNoCount_IsUnknown(string text) => Assert.Null(new HeaderValues(_ => text, Answer.Now).Number("x"));
}
