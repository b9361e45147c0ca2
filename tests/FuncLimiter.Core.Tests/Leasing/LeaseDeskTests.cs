using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Leasing;

public class LeaseDeskTests
{
    private static readonly Instant Start = Instant.From(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private static readonly LeasePolicy Policy = new();
    private static readonly Limit Bucket = new(Dimension.Tokens, 6_000, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket);

    [Fact]
    public void NothingIsAsked_BeforeACallComes()
    {
        var limiter = Leasing(tenantLimits: []);

        Assert.Equal(Instant.Unknown, limiter.Leases!.NextAskAt(Start));
        Assert.Empty(limiter.Leases.TakeDue(Start));
    }

    [Fact]
    public void BucketsThatAreExpectedToBeUsed_AreAskedFor_UntilALeaseWouldHaveEnded_AndWindowsAreNot()
    {
        var day = new Limit(Dimension.Requests, 1_000, TimeSpan.FromDays(1), LimitAlgorithm.CalendarDay);
        var limiter = Leasing(tenantLimits: [day]);
        limiter.Leases!.Expect(Start);

        var ask = Assert.Single(limiter.Leases.TakeDue(Start));
        var owner = LeaseOwner.Open("account:a", Spec([]), Policy, null, Start - TimeSpan.FromMinutes(10));
        limiter.Apply(owner.Answer(ask, Start), Start);
        Assert.False(limiter.Leases.IsReady(Start));
        var again = limiter.Leases.NextAskAt(Start);
        limiter.Apply(owner.Answer(limiter.Leases.TakeDue(again).Single(), again), again);
        Assert.True(limiter.Leases.IsReady(again));

        Assert.Equal(["account:a", "deployment:a/m"], ask.Budgets.Select(budget => budget.Budget).Order());
        var end = Start + Policy.Duration;
        Assert.All(limiter.Leases.TakeDue(end).Single().Budgets, budget => Assert.True(budget.Ask.Leaving));
    }

    [Fact]
    public void ACall_MakesEachOfItsScopesDue_WithItsDemand()
    {
        var limiter = Leasing(tenantLimits: [Bucket]);
        limiter.Submit(CallOf(300), Start);

        var asks = limiter.Leases!.TakeDue(Start).ToDictionary(ask => ask.Scope);

        Assert.Equal(["account:a", LeaseScope.OfTenant("t", Policy)], asks.Keys.Order());
        Assert.Equal(["account:a", "deployment:a/m"], asks["account:a"].Budgets.Select(budget => budget.Budget).Order());
        var ask = asks["account:a"].Budgets.Single(budget => budget.Budget == "deployment:a/m").Ask;
        Assert.Equal(("t", 2.0, Priority.Standard), (ask.Demands[0].Tenant, ask.Demands[0].Weight, ask.Demands[0].Priority));
        Assert.Equal(300, ask.Lines[0].Need);
    }

    [Fact]
    public void AScope_IsNotAskedAgain_BeforeItAnswers_OrTheWaitForThatIsOver()
    {
        var limiter = Leasing(tenantLimits: []);
        limiter.Submit(CallOf(300), Start);
        Assert.Single(limiter.Leases!.TakeDue(Start));
        Assert.Empty(limiter.Leases.TakeDue(Start + Policy.AnswerWithin - TimeSpan.FromTicks(1)));

        var second = Start + Policy.AnswerWithin;
        Assert.Equal(second, limiter.Leases.NextAskAt(second));
        var ask = Assert.Single(limiter.Leases.TakeDue(second));
        limiter.Apply(new(ask.Scope, []), second);

        Assert.True(limiter.Leases.NextAskAt(second) < second + Policy.AnswerWithin);
    }

    [Fact]
    public void AnAnswer_LetsOutWhatWaits()
    {
        var limiter = Leasing(tenantLimits: []);
        var call = CallOf(300);
        Assert.Equal(CallState.Waiting, limiter.Submit(call, Start));
        var owner = LeaseOwner.Open("account:a", Spec([]), Policy, null, Start - TimeSpan.FromMinutes(10));

        limiter.Apply(owner.Answer(limiter.Leases!.TakeDue(Start).Single(), Start), Start);
        limiter.Advance(limiter.NextWake);

        Assert.True(limiter.TryTakeReleased(out var released));
        Assert.Equal((call, CallState.Admitted), (released, call.State));
    }

    [Fact]
    public void WhatWasReadFromTheOwner_IsNotUndone_ByAnAnswerToAnAskThatWasMadeBefore()
    {
        var (limiter, now) = (Leasing(tenantLimits: []), Start);
        var owner = LeaseOwner.Open("account:a", Spec([]), Policy, null, Start - TimeSpan.FromMinutes(10));
        limiter.Submit(CallOf(300), now);
        limiter.Apply(owner.Answer(limiter.Leases!.TakeDue(now).Single(), now), now);
        Assert.Null(Charging());

        var answer = Ask();
        Assert.True(owner.Pin("deployment:a/m", Dimension.Tokens, ChargeRule.PromptAndMaxOutput, now));
        Read();
        Assert.True(Charging()!.IsPinned);
        limiter.Apply(answer, now);
        Assert.True(Charging()!.IsPinned);

        answer = Ask();
        Assert.True(owner.Forget("deployment:a/m", now));
        Read();
        limiter.Apply(answer, now);
        Assert.Null(Charging());

        Assert.True(owner.Pin("deployment:a/m", Dimension.Tokens, ChargeRule.Prompt, now));
        limiter.Apply(Ask(), now);
        Assert.Equal((ChargeRule.Prompt, true), (Charging()!.Rule, Charging()!.IsPinned));

        ScopeAnswer Ask() => owner.Answer(limiter.Leases.TakeDue(now = limiter.Leases.NextAskAt(now)).Single(), now);

        void Read()
        {
            var book = owner.Save().Books["deployment:a/m"];
            Assert.True(limiter.Controls.FollowLearned("deployment:a/m", [.. book.Charging.Select(charging => charging.Learned)], book.ForgottenAt, now));
        }

        ChargeReport? Charging() => limiter.Report(now).Budgets.Single(budget => budget.Name == "deployment:a/m").Meters.Single().Charging;
    }

    [Fact]
    public void AnAnswer_WhereBudgetsAreOwned_IsAnError() =>
        Assert.Throws<InvalidOperationException>(() => new Limiter(Spec([])).Apply(new("account:a", []), Start));

    private static Limiter Leasing(Limit[] tenantLimits) => new(Spec(tenantLimits) with { Leases = new("i", Policy) });

    private static LimiterSpec Spec(Limit[] tenantLimits) => new()
    {
        Accounts = [new("a", [])],
        Deployments = [new("a/m", "a", [Bucket])],
        Routes = [new("m", ["a/m"], [])],
        Tenants = [new("t", 2, tenantLimits, [])],
    };

    private static Call CallOf(long tokens) =>
        new() { Route = "m", Tenant = "t", Consumer = new(1, tokens, 0, 0, 1), Provider = [new(1, tokens, 0, 0, 1)] };
}
