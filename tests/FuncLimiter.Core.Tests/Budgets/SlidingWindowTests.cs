using FuncLimiter.Core.Budgets;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Budgets;

public class SlidingWindowTests
{
    [Fact]
    public void FitsAt_WhenTheWindowIsFull_IsWhenEnoughHasGoneOut()
    {
        // 60 at 0 s and 40 at 10 s: 50 fit when the 60 are a window back, 70 when the 40 are.
        var window = Window(100, Caution.None());
        window.Take(60, At(0));
        window.Take(40, At(10));

        Assert.Equal(At(60), window.FitsAt(50, At(20)));
        Assert.Equal(At(70), window.FitsAt(70, At(20)));
        Assert.True(window.FitsAt(50, At(60) - Tick) > At(60) - Tick);
        Assert.Equal(At(60), window.FitsAt(60, At(60)));
    }

    [Fact]
    public void FitsAt_WhenCallsArriveWithJitter_HoldsTheWindowOpenOneJitterLonger()
    {
        var window = Window(100, new Caution());
        window.Take(100, At(0));

        Assert.Equal(60 + Jitter, Since(window.FitsAt(1, At(1))), 6);
    }

    [Fact]
    public void FitsAt_WhenTheAmountIsLargerThanTheLimit_IsNever() =>
        Assert.Equal(Instant.Never, Window(100, Caution.None()).FitsAt(101, At(0)));

    [Fact]
    public void GiveBack_OfAnyOfSeveralTakenAtOneInstant_MakesRoom()
    {
        var window = Window(100, Caution.None());
        window.Take(1, At(0));
        window.Take(99, At(0));

        window.Settle(99, 19, At(0), At(5));

        Assert.Equal(20, window.Used(At(5)));
        Assert.Equal(At(5), window.FitsAt(80, At(5)));
    }

    [Fact]
    public void GiveBack_AfterTheWindow_ReturnsNothing()
    {
        var window = Window(100, Caution.None());
        window.Take(50, At(0));
        window.Take(70, At(61));

        window.Settle(50, 0, At(0), At(62));

        Assert.Equal(70, window.Used(At(62)));
    }

    [Fact]
    public void Overload_WhenCallsAreSmallAndEvenlySpread_UsesTheWholeLimit()
    {
        // 6,000 a minute, offered 200 a second: more entries than the window tells apart.
        var window = Window(6000, new Caution());
        var sent = 0;
        for (var i = 0; i < 120_000; i++)
        {
            if (window.FitsAt(1, At(i * 0.005)) <= At(i * 0.005))
            {
                window.Take(1, At(i * 0.005));
                sent++;
            }
        }

        Assert.InRange(sent, 0.99 * 60_000, 60_000);
    }

    private static SlidingWindow Window(long limit, Caution caution) =>
        new(new(Dimension.Tokens, limit, Minute, LimitAlgorithm.Sliding), caution);
}
