using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests;

/// <summary>What operators change while calls wait: one deployment of 600 tokens a minute, ten a second, whose bucket holds ten seconds.</summary>
public class ControlsTests
{
    private const string Deployment = "deployment:a/m";

    private readonly Limiter limiter = new(new LimiterSpec
    {
        Accounts = [new("a", [])],
        Deployments = [new("a/m", "a", [Tokens(600) with { BurstSeconds = 10 }])],
        Routes = [new("m", ["a/m"], [])],
        Tenants = [new("acme", 1, [Tokens(6_000)], []), new("birch", 1, [], [])],
    });

    [Fact]
    public void Users_WithoutLimits_TakeTurns_SoThatOneInARushHoldsUpNobodyElse()
    {
        Empty();
        var rush = Enumerable.Range(0, 50).Select(_ => Submit("ann", 10, 0)).ToArray();
        var other = Submit("bob", 10, 0);

        Advance(0, 5);

        Assert.Equal(CallState.Admitted, other.State);
        Assert.InRange(rush.Count(call => call.State == CallState.Admitted), 2, 5);
    }

    public static TheoryData<string, LimitAlgorithm> Limited()
    {
        var cells = new TheoryData<string, LimitAlgorithm>();
        foreach (var algorithm in new[] { LimitAlgorithm.Bucket, LimitAlgorithm.Sliding, LimitAlgorithm.Fixed, LimitAlgorithm.CalendarDay })
        {
            cells.Add("account:a", algorithm);
            cells.Add("deployment:a/m", algorithm);
            cells.Add("tenant:acme", algorithm);
        }

        return cells;
    }

    [Theory]
    [MemberData(nameof(Limited))]
    public void RaisedLimit_LetsCallsOutAtOnce_AlsoOfThoseWhoWereToldToComeBackLater(string scope, LimitAlgorithm algorithm)
    {
        var window = algorithm == LimitAlgorithm.CalendarDay ? TimeSpan.FromDays(1) : TimeSpan.FromMinutes(1);
        Limit few = new(Dimension.Requests, 6, window, algorithm), many = few with { Amount = 6_000 };
        var small = new Limiter(new LimiterSpec
        {
            Accounts = [new("a", [Of("account:a")])],
            Deployments = [new("a/m", "a", [Of("deployment:a/m")])],
            Routes = [new("m", ["a/m"], [])],
            Tenants = [new("acme", 1, [Of("tenant:acme")], [])],
        });
        var calls = Enumerable.Range(0, 60).Select(Ask).ToList();
        calls.ForEach(call => small.Submit(call, At(0)));
        for (var second = 1; second <= 5; second++)
        {
            small.Advance(At(second));
        }

        Assert.Equal(54, calls.Count(call => call.State == CallState.Refused));

        Assert.True(small.Controls.SetLimit(scope, Dimension.Requests, window, 600, At(5)));
        var (again, next) = (Ask(55), Ask(60));
        small.Submit(again, At(6));
        small.Submit(next, At(6));
        small.Advance(At(7));

        Assert.Equal((CallState.Admitted, CallState.Admitted), (again.State, next.State));

        Limit Of(string budget) => budget == scope ? few : many;

        Call Ask(int user) => new()
        {
            Tenant = "acme",
            User = $"u{user}",
            Route = "m",
            Consumer = new Charge(1, 0, 0, 0, 1),
            Provider = [new Charge(1, 0, 0, 0, 1)],
            MaxWait = TimeSpan.FromSeconds(1),
        };
    }

    [Fact]
    public void Cap_SlowsAUserDown_AndNobodyElse()
    {
        limiter.Controls.Cap("acme", "ann", 60, At(0));
        Submit("ann", 5, 0);
        var capped = Submit("ann", 5, 0);
        var other = Submit("bob", 50, 0);

        Assert.Equal((CallState.Waiting, CallState.Admitted), (capped.State, other.State));
        Advance(0, 4.9);
        Assert.Equal(CallState.Waiting, capped.State);
        Advance(4.9, 5.1);
        Assert.Equal(CallState.Admitted, capped.State);
    }

    [Fact]
    public void Cap_WhenACallIsLargerThanAllOfIt_LetsItOutAndIsPaidOffFirst()
    {
        limiter.Controls.Cap("acme", "ann", 60, At(0));

        var large = Submit("ann", 30, 0);
        var next = Submit("ann", 5, 0);
        Advance(0, 29);

        Assert.Equal((CallState.Admitted, CallState.Waiting), (large.State, next.State));
        Advance(29, 31);
        Assert.Equal(CallState.Admitted, next.State);
    }

    [Fact]
    public void Cap_WhenLifted_LetsWaitingCallsGoAtOnce()
    {
        limiter.Controls.Cap("acme", "ann", 60, At(0));
        Submit("ann", 5, 0);
        var capped = Submit("ann", 5, 0);

        limiter.Controls.Cap("acme", "ann", null, At(1));

        Assert.Equal(CallState.Admitted, capped.State);
    }

    [Fact]
    public void HoldBackground_LeavesATenthToOthers_AndGivesItBackWhenItEnds()
    {
        limiter.Controls.HoldBackground(Deployment, 0.1, At(0));

        var background = Submit("ann", 75, 0, Priority.Background);
        var more = Submit("ann", 10, 0, Priority.Background);
        var interactive = Submit("bob", 10, 0, Priority.Interactive);

        Assert.Equal((CallState.Admitted, CallState.Waiting, CallState.Admitted), (background.State, more.State, interactive.State));
        Advance(0, 1);
        limiter.Controls.HoldBackground(Deployment, 0, At(1));
        Assert.Equal(CallState.Admitted, more.State);
    }

    [Fact]
    public void HoldBackground_LosesNothingOfWhatRefills()
    {
        limiter.Controls.HoldBackground(Deployment, 0.1, At(0));
        var calls = Enumerable.Range(0, 40).Select(_ => Submit("ann", 10, 0, Priority.Background)).ToArray();

        Advance(0, 20);

        // The bucket's 100 less the tenth that is kept, and ten a second.
        Assert.InRange(calls.Count(call => call.State == CallState.Admitted), 27, 29);
    }

    [Fact]
    public void HoldBackground_KeepsItsFloor_WhenOthersTakeEverything()
    {
        limiter.Controls.HoldBackground(Deployment, 0.1, At(0));
        Empty();
        var background = Submit("ann", 10, 0, Priority.Background);
        for (var second = 0; second < 60; second++)
        {
            Submit("bob", 10, second, Priority.Interactive);
            Submit("bob", 10, second, Priority.Interactive);
            Advance(second, second + 1);
        }

        Assert.Equal(CallState.Admitted, background.State);
    }

    [Fact]
    public void Close_HoldsATenantUntilThen_AndOpensAgainByAWord()
    {
        Assert.True(limiter.Controls.Close("tenant:acme", At(60), At(0)));
        var held = Submit("ann", 10, 0);
        var other = Submit("bob", 10, 0, tenant: "birch");

        Assert.Equal((CallState.Waiting, CallState.Admitted), (held.State, other.State));
        limiter.Controls.Close("tenant:acme", At(0), At(5));
        Assert.Equal(CallState.Admitted, held.State);
    }

    [Fact]
    public void SetLimit_TakesEffectForWhatWaits()
    {
        Empty();
        var waiting = Submit("ann", 100, 0);

        Assert.True(limiter.Controls.SetLimit(Deployment, Dimension.Tokens, TimeSpan.FromMinutes(1), 6_000, At(0)));
        Advance(0, 3);

        Assert.Equal(CallState.Admitted, waiting.State);
        Assert.Equal(6_000, limiter.Report(At(3)).Budgets.Single(budget => budget.Name == Deployment).Meters[0].Configured);
        Assert.False(limiter.Controls.SetLimit(Deployment, Dimension.Requests, TimeSpan.FromMinutes(1), 10, At(3)));
    }

    [Fact]
    public void Weigh_DividesAnewFromThenOn()
    {
        Empty();
        var acme = Enumerable.Range(0, 60).Select(_ => Submit("ann", 10, 0)).ToArray();
        var birch = Enumerable.Range(0, 60).Select(_ => Submit("bob", 10, 0, tenant: "birch")).ToArray();

        limiter.Controls.Weigh("birch", 3, At(0));
        Advance(0, 40);

        var (less, more) = (acme.Count(call => call.State == CallState.Admitted), birch.Count(call => call.State == CallState.Admitted));
        Assert.InRange((double)more / less, 2.5, 3.5);
    }

    /// <summary>A provider that failed is tried by one call at a time after its rest: not where a person says that it is well again.</summary>
    [Theory]
    [InlineData(OutcomeKind.QuotaExhausted, false, Deployment)]
    [InlineData(OutcomeKind.QuotaExhausted, true, "account:a")]
    [InlineData(OutcomeKind.Overloaded, false, Deployment)]
    public void Close_ThatOpensWhatAProviderClosed_LetsCallsGoAtOnce(OutcomeKind outcome, bool isOfTheAccount, string scope)
    {
        var failed = Submit("ann", 1, 0);
        limiter.Observe(failed.Reservation!, new(outcome) { WholeAccount = isOfTheAccount }, At(0.1));
        var waiting = Submit("ann", 1, 0.1);
        var other = Submit("bob", 1, 0.1);

        limiter.Controls.Close(scope, At(0.2), At(0.2));
        var next = Submit("bob", 1, 0.2);

        Assert.All([waiting, other, next], call => Assert.Equal(CallState.Admitted, call.State));
    }

    private static Limit Tokens(long amount) => new(Dimension.Tokens, amount, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket);

    private void Empty() => Submit("first", 100, 0, tenant: "cedar");

    private Call Submit(string user, long tokens, double at, Priority priority = Priority.Standard, string tenant = "acme")
    {
        var charge = new Charge(1, tokens, tokens, 0, 1);
        var call = new Call
        {
            Route = "m",
            Tenant = tenant,
            User = user,
            Priority = priority,
            Consumer = charge,
            Provider = [charge],
            MaxWait = TimeSpan.FromHours(1),
            Tag = tokens,
        };
        limiter.Submit(call, At(at));
        return call;
    }

    private void Advance(double from, double to)
    {
        for (var at = from; at <= to; at += 0.05)
        {
            limiter.Advance(At(at));
            while (limiter.TryTakeReleased(out _))
            {
            }
        }
    }
}
