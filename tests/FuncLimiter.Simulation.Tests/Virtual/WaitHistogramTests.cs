using FuncLimiter.Simulation.Virtual;

namespace FuncLimiter.Simulation.Tests.Virtual;

public class WaitHistogramTests
{
    [Fact]
    public void Quantile_OfManyWaits_IsWithinTwoPercent()
    {
        var waits = new WaitHistogram();
        for (var i = 1; i <= 10_000; i++)
        {
            waits.Add(i / 10.0);
        }

        Assert.Equal(500, waits.Quantile(0.5), 10.0);
        Assert.Equal(990, waits.Quantile(0.99), 20.0);
        Assert.Equal(1_000, waits.LongestSeconds);
        Assert.Equal(10_000, waits.Count);
    }

    [Fact]
    public void Quantile_OfNoWaits_IsNone() => Assert.Equal(0, new WaitHistogram().Quantile(0.99));

    [Fact]
    public void Add_OfAnother_CountsBoth()
    {
        var (waits, others) = (new WaitHistogram(), new WaitHistogram());
        waits.Add(1);
        others.Add(3, times: 3);

        waits.Add(others);

        Assert.Equal(4, waits.Count);
        Assert.Equal(10, waits.TotalSeconds);
        Assert.Equal(3, waits.Quantile(0.5), 0.06);
    }
}
