using FuncLimiter.Core.Budgets;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Budgets;

public class FixedWindowTests
{
    [Fact]
    public void FitsAt_WhenThePhaseIsUnknown_IsWhatASlidingWindowSays()
    {
        var window = Window(100);
        window.Take(100, At(10));

        Assert.False(window.IsPhaseKnown);
        Assert.Equal(70 + Jitter, Since(window.FitsAt(1, At(20))), 6);
    }

    [Fact]
    public void FitsAt_WhenThePhaseIsKnown_IsJustAfterTheBoundary()
    {
        // The boundary lies at 30 s, give or take 0.1 s of round trip and 0.05 s of jitter.
        var window = Window(100);
        Learn(window, resetIn: 19.9, sentAt: 10, now: 10.2);
        window.Take(100, At(15));

        var fits = window.FitsAt(1, At(20));

        Assert.Equal(30 + 0.1 + Jitter, Since(fits), 6);
        Assert.True(window.FitsAt(1, fits - Tick) > fits - Tick);
        Assert.Equal(fits, window.FitsAt(100, fits));
    }

    [Fact]
    public void Take_NearABoundary_CountsInBothWindows()
    {
        var window = Window(100);
        Learn(window, resetIn: 19.9, sentAt: 10, now: 10.2);
        window.Take(60, At(29.9));

        Assert.Equal(60, window.Used(At(29.95)));
        Assert.Equal(60, window.Used(At(31)));
        Assert.Equal(At(31), window.FitsAt(40, At(31)));
        Assert.Equal(90 + 0.1 + Jitter, Since(window.FitsAt(41, At(31))), 6);
    }

    [Fact]
    public void Take_AfterTheGuardOfABoundary_CountsInOneWindowOnly()
    {
        var window = Window(100);
        Learn(window, resetIn: 19.9, sentAt: 10, now: 10.2);
        window.Take(100, At(30.2));

        Assert.Equal(90 + 0.1 + Jitter, Since(window.FitsAt(100, At(60))), 6);
    }

    [Fact]
    public void GiveBack_InTheSameWindow_MakesRoom()
    {
        var window = Window(100);
        Learn(window, resetIn: 19.9, sentAt: 10, now: 10.2);
        window.Take(100, At(35));

        window.Settle(100, 30, At(35), At(40));

        Assert.Equal(30, window.Used(At(40)));
        Assert.Equal(At(40), window.FitsAt(70, At(40)));
    }

    [Fact]
    public void GiveBack_AfterTheBoundary_ReturnsNothing()
    {
        var window = Window(100);
        Learn(window, resetIn: 19.9, sentAt: 10, now: 10.2);
        window.Take(100, At(15));
        window.Take(50, At(35));

        window.Settle(100, 0, At(15), At(36));

        Assert.Equal(50, window.Used(At(36)));
    }

    [Fact]
    public void Observe_WhenThePhaseIsLearnedJustBeforeABoundary_KeepsWhatMayArriveBehindIt()
    {
        var window = Window(100);
        window.Take(40, At(5));
        window.Take(60, At(29.9));

        Learn(window, resetIn: 0.01, sentAt: 29.9, now: 30.08);

        // The boundary lies between 29.91 and 30.09: the 60 may be on either side of it, the 40 are behind.
        Assert.Equal(At(31), window.FitsAt(40, At(31)));
        Assert.True(window.FitsAt(41, At(31)) > At(60));
    }

    [Fact]
    public void Overload_WhenThePhaseIsKnown_FillsEveryWindow()
    {
        var window = Window(600);
        var counted = new int[12];
        for (var now = At(0); now < At(720); now += Seconds(0.01))
        {
            while (window.FitsAt(1, now) <= now)
            {
                window.Take(1, now);
                counted[(int)(Since(now + Seconds(0.02)) / 60)]++;
            }

            Learn(window, 60 - (Since(now) % 60), Since(now) - 0.05, Since(now));
        }

        Assert.All(counted, count => Assert.InRange(count, 0, 600));
        Assert.All(counted[1..], count => Assert.Equal(600, count));
    }

    [Fact]
    public void FitsAt_WhenCautionLowersTheLimitAndThePhaseIsUnknown_HoldsToIt()
    {
        var caution = new Caution();
        var window = new FixedWindow(new(Dimension.Requests, 100, Minute, LimitAlgorithm.Fixed), caution);
        caution.Surprise(At(0));
        caution.Surprise(At(0));
        caution.Surprise(At(0));
        window.Reconsider(At(0));

        Assert.Equal(At(0), window.FitsAt(95, At(0)));
        Assert.Equal(Instant.Never, window.FitsAt(96, At(0)));
    }

    private static FixedWindow Window(long limit) => new(new(Dimension.Requests, limit, Minute, LimitAlgorithm.Fixed), new Caution());

    private static void Learn(FixedWindow window, double resetIn, double sentAt, double now) =>
        window.Observe(new LimitReading(Dimension.Requests, null, null, null, Seconds(resetIn)), new(At(sentAt)), At(now));
}
