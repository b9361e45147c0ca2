using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Routing;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Routing;

/// <summary>A deployment that fails: how long it rests, and how carefully it is tried afterwards.</summary>
public class ScopeHealthTests
{
    private readonly ScopeHealth health = new();

    [Fact]
    public void Rest_WhenTheProviderIsOverloadedAgainAndAgain_Doubles()
    {
        double[] rests = [Fail(0), Fail(1), Fail(3), Fail(6)];

        Assert.Equal([0.5, 1, 2, 4], rests);
    }

    [Fact]
    public void Rest_WhenCallsOfBeforeTheRestFail_CountsThemOnce()
    {
        var first = Fail(sentAt: 0, at: 1);
        var second = Fail(sentAt: 0.5, at: 1.1);

        Assert.Equal((0.5, 0.5), (first, second));
    }

    [Fact]
    public void OpensAt_AfterARest_LetsOneTwoThenFourCallsTry()
    {
        Fail(0);
        var tries = new List<double>();
        for (var now = 0.5; tries.Count < 7; now += 0.01)
        {
            while (health.OpensAt(At(now)) <= At(now) && tries.Count < 7)
            {
                health.Take();
                tries.Add(Math.Round(now, 2));
            }
        }

        Assert.Equal([0.5, 1.5, 2.5, 2.5, 3.5, 3.5, 3.5], tries);
    }

    [Fact]
    public void OpensAt_OnceATryIsAnswered_IsOpenToAll()
    {
        Fail(0);
        health.Take();

        health.Rest(new(OutcomeKind.Success), At(0.5), At(0.7));

        Assert.True(health.OpensAt(At(0.7)) <= At(0.7));
    }

    [Fact]
    public void OpensAt_WhenOnlyACallOfBeforeTheRestIsAnswered_StaysOnTrial()
    {
        Fail(0);
        health.Take();

        health.Rest(new(OutcomeKind.Success), At(-1), At(0.7));

        Assert.Equal(At(1.5), health.OpensAt(At(0.7)));
    }

    [Fact]
    public void OpensAt_AfterARateLimit_IsLeftToTheBudgets()
    {
        health.Rest(new(OutcomeKind.RateLimited) { RetryAfter = Seconds(2) }, At(0), At(0));
        health.Take();

        Assert.True(health.OpensAt(At(2)) <= At(2));
    }

    private double Fail(double at) => Fail(at, at);

    private double Fail(double sentAt, double at) => health.Rest(new(OutcomeKind.Overloaded), At(sentAt), At(at)).TotalSeconds;
}
