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

    private static LeaseOwner Open(string scope, LeaseOwnerState? state) => LeaseOwner.Open(scope, Spec, Policy, state, Start);

    private static Lease Ask(LeaseOwner owner, string budget, Instant? at = null, string instance = "i", long holds = 0) =>
        owner.Answer(new("", [new(budget, AskOf((at ?? Start).Ticks) with { Instance = instance, Holds = holds })]), at ?? Start).Budgets.Single().Lease;

    private static BudgetAsk Asking(string budget) => new(budget, AskOf(1));

    private static LeaseAsk AskOf(long sequence) =>
        new("i", sequence, 0, [new("t", 1, Priority.Standard, new(1, 100))], [new(0, 0, 0, 1, [])]) { Lapsed = true };
}
