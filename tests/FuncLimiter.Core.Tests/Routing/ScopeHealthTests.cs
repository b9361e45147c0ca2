using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Routing;

/// <summary>A deployment that fails: how long it rests, and how carefully it is tried afterwards.</summary>
public class ScopeHealthTests
{
    private readonly ScopeHealth health = new();

    [Fact]
    public void Rest_WhenTheProviderIsOverloadedAgainAndAgain_Doubles()
    {
        double[] rests = [Fail(0), Fail(1), Fail(3), Fail(6.5)];

        Assert.All(rests.Zip([0.5, 1, 2, 4]), rest => Assert.InRange(rest.First / rest.Second, 1, 1.5));
    }

    [Fact]
    public void Rest_OfManyWhoFailTogether_IsSpread()
    {
        var rests = Enumerable.Range(0, 100).Select(i => new ScopeHealth().Rest(new(OutcomeKind.Overloaded), At(0), At(1 + (i * 0.001))).TotalSeconds).Order().ToArray();

        Assert.InRange(rests[^1] - rests[0], 0.2, 0.25);
        Assert.InRange(rests.Zip(rests.Skip(1), (rest, next) => next - rest).Max(), 0, 0.03);
    }

    [Fact]
    public void OpensAt_AfterARateLimitWithoutAHint_LetsCallsFollowOneAnother()
    {
        var rest = health.Rest(new(OutcomeKind.RateLimited), At(0), At(0)).TotalSeconds;
        var tries = new List<double>();
        for (var call = 0; call < 10; call++)
        {
            tries.Add(Since(health.OpensAt(At(0))));
            health.Take();
        }

        Assert.Equal([0, 1, 2, 2, 3, 3, 3, 3, 4, 4], tries.Select(at => Math.Round((at - rest) / (rest / 5))));
    }

    [Fact]
    public void Rest_WhenCallsOfBeforeTheRestFail_CountsThemOnce()
    {
        var first = Fail(sentAt: 0, at: 1);
        var second = Fail(sentAt: 0.5, at: 1.1);

        Assert.InRange(first, 0.5, 0.75);
        Assert.InRange(second, 0.5, 0.75);
    }

    [Fact]
    public void OpensAt_AfterARest_LetsOneTwoThenFourCallsTry()
    {
        var rest = Fail(0);
        var tries = new List<double>();
        for (var call = 0; call < 7; call++)
        {
            tries.Add(Math.Round(Since(health.OpensAt(At(0))) - rest, 3));
            health.Take();
        }

        Assert.Equal([0, 1, 2, 2, 3, 3, 3], tries);
    }

    [Fact]
    public void OpensAt_OnceATryIsAnswered_IsOpenToAll()
    {
        var rest = Fail(0);
        health.Take();

        health.Rest(new(OutcomeKind.Success), At(rest), At(rest + 0.2));

        Assert.True(health.OpensAt(At(rest + 0.2)) <= At(rest + 0.2));
    }

    [Fact]
    public void OpensAt_WhenOnlyACallOfBeforeTheRestIsAnswered_StaysOnTrial()
    {
        var rest = Fail(0);
        health.Take();

        health.Rest(new(OutcomeKind.Success), At(-1), At(rest + 0.2));

        Assert.Equal(At(rest + 1), health.OpensAt(At(rest + 0.2)));
    }

    [Fact]
    public void OpensAt_AfterARateLimitWithAHint_IsLeftToTheBudgets()
    {
        health.Rest(new(OutcomeKind.RateLimited) { RetryAfter = Seconds(2) }, At(0), At(0));
        health.Take();

        Assert.True(health.OpensAt(At(2)) <= At(2));
    }

    private double Fail(double at) => Fail(at, at);

    private double Fail(double sentAt, double at) => health.Rest(new(OutcomeKind.Overloaded), At(sentAt), At(at)).TotalSeconds;
}
