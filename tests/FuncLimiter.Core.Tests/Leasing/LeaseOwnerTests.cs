using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Leasing;

public class LeaseOwnerTests
{
    private static readonly Instant Start = Instant.From(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private static readonly LeasePolicy Policy = new() { TenantOwners = 1 };
    private static readonly Limit Bucket = new(Dimension.Tokens, 6_000, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket);

    private static readonly LimiterSpec Spec = new()
    {
        Accounts = [new("a", []), new("b", [Bucket])],
        Deployments = [new("a/m", "a", [Bucket]), new("a/n", "a", [Bucket]), new("b/m", "b", [])],
        Routes = [new("m", ["a/m", "b/m"], [])],
        Tenants = [new("t", 1, [Bucket], [])],
        OtherTenants = new("default", 1, [Bucket with { Amount = 60 }], []),
    };

    [Fact]
    public void AScope_HasAnAccountsBudgetAndItsDeployments_OrItsPartOfTheTenants()
    {
        Assert.Equal(["account:a", "deployment:a/m", "deployment:a/n"], LeaseScope.Budgets("account:a", Spec, Policy).Keys.Order());
        Assert.Equal(["tenant:t"], LeaseScope.Budgets("tenants:0", Spec, Policy).Keys);
        Assert.Empty(LeaseScope.Budgets("account:c", Spec, Policy));
        Assert.Throws<ArgumentException>(() => Open("account:c", null));
    }

    [Fact]
    public void TheScopeOfATenant_IsOneOfThoseThereAre_AndAlwaysTheSame()
    {
        var policy = Policy with { TenantOwners = 4 };
        var scopes = Enumerable.Range(0, 1_000).Select(i => LeaseScope.OfTenant("tenant-" + i, policy)).ToLookup(scope => scope);

        Assert.Equal(["tenants:0", "tenants:1", "tenants:2", "tenants:3"], scopes.Select(scope => scope.Key).Order());
        Assert.All(scopes, scope => Assert.InRange(scope.Count(), 150, 350));
        Assert.Equal("tenants:3", LeaseScope.OfTenant("acme", policy));
    }

    [Fact]
    public void WithoutState_AProvidersBudgetIsInDoubt_AndATenantsIsLentAtOnce()
    {
        Assert.Equal(0, Ask(Open("account:a", null), "deployment:a/m").Number);
        Assert.NotEqual(0, Ask(Open("tenants:0", null), "tenant:t").Number);
    }

    [Fact]
    public void ATenantThatIsNotConfigured_HasTheLimitsOfOthers()
    {
        var owner = Open("tenants:0", null);

        Assert.True(Ask(owner, "tenant:t", Start + TimeSpan.FromSeconds(1), holds: Ask(owner, "tenant:t").Number).Lines[0].Capacity > 1_000);
        Assert.InRange(Ask(owner, "tenant:someone", Start + TimeSpan.FromSeconds(1), holds: Ask(owner, "tenant:someone").Number).Lines[0].Capacity, 1, 60);
    }

    [Fact]
    public void ABudgetOfAnotherScope_IsPassedOver()
    {
        var owner = Open("tenants:0", null);

        Assert.Empty(owner.Answer(new("tenants:0", [Asking("deployment:a/m"), Asking("user:t/x")]), Start).Budgets);
        Assert.Empty(Open("account:a", null).Answer(new("account:a", [Asking("tenant:t")]), Start).Budgets);
    }

    [Fact]
    public void AStoredState_IsTakenUp_AndOneOfAnotherVersionIsNone()
    {
        var owner = Open("account:b", null);
        var later = Start + Policy.Duration + Policy.ClockMargin;
        Assert.NotEqual(0, Ask(owner, "account:b", later).Number);
        var state = JsonSerializer.Deserialize<LeaseOwnerState>(JsonSerializer.Serialize(owner.Save()))!;

        Assert.NotEqual(0, Ask(LeaseOwner.Open("account:b", Spec, Policy, state, later), "account:b", later, "j").Number);
        Assert.Equal(0, Ask(LeaseOwner.Open("account:b", Spec, Policy, state with { Version = 99 }, later), "account:b", later, "j").Number);
    }

    [Fact]
    public void ATenantsBook_IsKeptOnlyWhileItDiffersFromANewOne()
    {
        var owner = Open("tenants:0", null);
        Ask(owner, "tenant:t");
        Assert.Single(owner.Save().Books);

        var gone = Start + TimeSpan.FromMinutes(10);
        Ask(owner, "tenant:t", gone);
        owner.Answer(new("tenants:0", [new("tenant:t", AskOf(gone.Ticks + 1) with { Leaving = true })]), gone);
        owner.Answer(new("tenants:0", [new("tenant:t", AskOf(gone.Ticks + 2) with { Leaving = true })]), gone + TimeSpan.FromMinutes(2));

        Assert.Empty(owner.Save().Books);
    }

    [Fact]
    public void ARuleThatAPersonPinned_IsToldWithEveryLease_IsKept_AlsoWhenTheLimitIsAnother_AndGoesAsItIsForgotten()
    {
        var (owner, now) = (Open("account:b", null), Start + Policy.Duration + Policy.ClockMargin);

        Assert.True(owner.Pin("account:b", Dimension.Tokens, ChargeRule.PromptAndMaxOutput, now));
        Assert.Equal((ChargeRule.PromptAndMaxOutput, true), Rule(owner, now));
        Assert.Equal((ChargeRule.PromptAndMaxOutput, true), Rule(Again(owner, Spec, now), now + TimeSpan.FromSeconds(1)));
        var other = Again(owner, Spec with { Accounts = [new("b", [Bucket with { Algorithm = LimitAlgorithm.Sliding }])] }, now);
        now += Policy.Duration + Policy.ClockMargin;
        Assert.Equal((ChargeRule.PromptAndMaxOutput, true), Rule(other, now));

        Assert.True(other.Forget("account:b", now));
        Assert.Equal((ChargeRule.Documented, false), Rule(Again(other, Spec with { Accounts = [new("b", [Bucket with { Algorithm = LimitAlgorithm.Sliding }])] }, now), now + TimeSpan.FromSeconds(1)));
    }

    [Theory]
    [InlineData("account:b", "account:a", Dimension.Tokens)]
    [InlineData("account:b", "account:b", Dimension.OutputTokens)]
    [InlineData("tenants:0", "tenant:t", Dimension.Tokens)]
    public void ARuleOfWhatIsNotCharged_IsNotPinned_AndNothingIsForgotten(string scope, string budget, Dimension dimension)
    {
        var owner = Open(scope, null);
        Ask(Open("tenants:0", null), "tenant:t");

        Assert.False(owner.Pin(budget, dimension, ChargeRule.PromptAndMaxOutput, Start));
        Assert.Equal(budget == scope, owner.Forget(budget, Start));
    }

    [Fact]
    public void WhatIsForgotten_IsTheLimitThatWasReported_AndHowFarToStayFromIt()
    {
        var (owner, now) = (Open("account:b", null), Start + Policy.Duration + Policy.ClockMargin);
        var held = Ask(owner, "account:b", now);
        Observation[] heard = [new(OutcomeKind.Success) { Readings = [new(Dimension.Tokens, TimeSpan.FromMinutes(1), 600, null, null)] }];
        held = Ask(owner, "account:b", now += TimeSpan.FromSeconds(10), holds: held.Number, heard: heard);
        Assert.InRange(held.Lines[0].Rate, 1, 10);
        Assert.Equal(4, held.Learned!.Answers);
        Assert.Equal(4, Ask(Again(owner, Spec, now), "account:b", now + TimeSpan.FromSeconds(1), holds: held.Number).Learned!.Answers);

        Assert.True(owner.Forget("account:b", now));

        held = Ask(owner, "account:b", now += TimeSpan.FromSeconds(10), holds: held.Number);
        Assert.InRange(held.Lines[0].Rate, 50, 100);
        Assert.Equal((null, now - TimeSpan.FromSeconds(10)), (held.Learned, held.ForgottenAt));
    }

    [Theory]
    [InlineData("deployment:a/n", "account:a")]
    [InlineData("account:b", "account:b")]
    [InlineData("account:c", null)]
    [InlineData("tenant:t", null)]
    public void TheScopeOfAProvidersBudget_IsItsAccounts(string budget, string? scope) => Assert.Equal(scope, LeaseScope.OfProviders(budget, Spec));

    private static LeaseOwner Again(LeaseOwner owner, LimiterSpec spec, Instant now) =>
        LeaseOwner.Open("account:b", spec, Policy, JsonSerializer.Deserialize<LeaseOwnerState>(JsonSerializer.Serialize(owner.Save()))!, now);

    private static (ChargeRule, bool) Rule(LeaseOwner owner, Instant now) =>
        Ask(owner, "account:b", now).Charging.Select(charging => (charging.Rule, charging.IsPinned)).Single();

    private static LeaseOwner Open(string scope, LeaseOwnerState? state) => LeaseOwner.Open(scope, Spec, Policy, state, Start);

    private static Lease Ask(LeaseOwner owner, string budget, Instant? at = null, string instance = "i", long holds = 0, Observation[]? heard = null) =>
        owner.Answer(new("", [new(budget, AskOf((at ?? Start).Ticks) with { Instance = instance, Holds = holds, News = [.. (heard ?? []).Select(one => new LeaseNews(one, at ?? Start))] })]), at ?? Start)
            .Budgets.Single().Lease;

    private static BudgetAsk Asking(string budget) => new(budget, AskOf(1));

    private static LeaseAsk AskOf(long sequence) =>
        new("i", sequence, 0, [new("t", 1, Priority.Standard, new(1, 100))], [new(0, 0, 0, 1, [])]) { Lapsed = true };
}
