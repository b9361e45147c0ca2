using FuncLimiter.Simulation.Providers.Signals;

namespace FuncLimiter.Simulation.Tests.Providers.Signals;

public class GoDurationTests
{
    [Theory]
    [InlineData(0, "0s")]
    [InlineData(0.0001, "1ms")]
    [InlineData(0.084, "84ms")]
    [InlineData(0.0841, "85ms")]
    [InlineData(1, "1s")]
    [InlineData(1.146, "1.146s")]
    [InlineData(90, "1m30s")]
    [InlineData(360, "6m0s")]
    [InlineData(578.016, "9m38.016s")]
    [InlineData(3723.5, "1h2m3.5s")]
    [InlineData(4320, "1h12m0s")]
    [InlineData(-1, "0s")]
    public void Span_IsWrittenAsGoDoesRoundedUpToMilliseconds(double seconds, string expected) =>
        Assert.Equal(expected, GoDuration.Format(seconds));
}
