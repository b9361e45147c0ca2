using FuncLimiter.Simulation.Virtual;

namespace FuncLimiter.Simulation.Tests.Virtual;

public class ArrivalsTests
{
    private const double Hour = 3600;

    [Fact]
    public void ByHour_OverADay_BringsEachHourItsCalls()
    {
        var calls = new double[24];
        (calls[3], calls[9], calls[23]) = (10_000, 40_000, 20_000);

        var counted = CountByHour(Arrivals.ByHour(calls, new Chance(1)), 24);

        Assert.Equal(10_000, counted[3], 10_000 * 0.05);
        Assert.Equal(40_000, counted[9], 40_000 * 0.05);
        Assert.Equal(20_000, counted[23], 20_000 * 0.05);
        Assert.Equal(0, counted[0] + counted[12]);
    }

    [Fact]
    public void ByHour_PastMidnight_BeginsTheDayAnew()
    {
        var calls = new double[24];
        calls[0] = 10_000;

        var counted = CountByHour(Arrivals.ByHour(calls, new Chance(2)), 25);

        Assert.Equal(10_000, counted[24], 500.0);
    }

    [Fact]
    public void OfAgents_WhenNoneIsAnswered_CallsOnceForEach()
    {
        var arrivals = Arrivals.OfAgents(500, 10, new Chance(3));

        var counted = CountByHour(arrivals, 1);

        Assert.Equal(500, counted[0]);
        Assert.Equal(0, arrivals.Idle);
    }

    [Fact]
    public void OfAgents_WhenAnsweredAtOnce_CallsAsOftenAsTheyThink()
    {
        var arrivals = Arrivals.OfAgents(100, 60, new Chance(4));
        var calls = 0;
        for (var now = arrivals.NextGap(); now < 10 * Hour; now += arrivals.NextGap())
        {
            if (arrivals.TryArrive(now))
            {
                calls++;
                arrivals.Return();
            }
        }

        Assert.Equal(100 * 10 * 60, calls, 3_000.0);
    }

    [Fact]
    public void Arrivals_WithoutCalls_NeverCome() => Assert.False(Arrivals.ByHour(new double[24], new Chance(5)).IsAny);

    private static int[] CountByHour(Arrivals arrivals, int hours)
    {
        var counted = new int[hours];
        for (var now = arrivals.NextGap(); now < hours * Hour; now += arrivals.NextGap())
        {
            counted[(int)(now / Hour)] += arrivals.TryArrive(now) ? 1 : 0;
        }

        return counted;
    }
}
