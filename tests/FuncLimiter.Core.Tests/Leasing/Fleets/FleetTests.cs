using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Leasing.Fleets;

public class FleetTests
{
    private const string Scope = "account:a";
    private const string Budget = "deployment:a/m";
    private static readonly LeasePolicy Policy = new();
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);

    // Owners that find no state lend nothing until leases of an earlier one would have ended; then shares take some asks to settle.
    private static readonly double SettledSeconds = Policy.Duration.TotalSeconds + 5 * Policy.RefreshEvery.TotalSeconds;

    public static TheoryData<int, int, int> Sizes => new() { { 1, 10_000, 100 }, { 3, 10_000, 40 }, { 50, 100_000, 20 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void AFleet_UnderSeveralTimesItsLimit_UsesAtLeast95PercentOfIt(int instances, int tokensPerSecond, int backlog)
    {
        var world = Fleet(instances, tokensPerSecond, [.. new[] { "t1", "t2", "t3" }.Select(tenant => new Source(tenant, Priority.Standard, backlog, 100, 900))]);
        world.RunFor(SettledSeconds);
        var before = world.Provider.Total(Budget);

        world.RunFor(24);

        var used = (world.Provider.Total(Budget) - before) / (tokensPerSecond * 24);
        Assert.True(used >= 0.95, $"{used:P1} of the limit was used.");
        Assert.Empty(world.Provider.Exceeded);
    }

    /// <summary>The whole burst is six calls: no instance can have a part of its own, so whole calls' worth goes round.</summary>
    [Theory]
    [InlineData(10)]
    [InlineData(30)]
    public void ALimitOfOneCallASecond_AmongManyInstances_IsUsedToAtLeast95Percent(int instances)
    {
        var world = Fleet(
            instances,
            [new("t1", Priority.Standard, 5, 100, 900), new("t2", Priority.Standard, 5, 100, 900)],
            limit: new(Dimension.Requests, 60, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket) { BurstSeconds = 6 });
        world.RunFor(SettledSeconds);
        var before = world.Provider.Total(Budget);

        world.RunFor(60);

        Assert.InRange(world.Provider.Total(Budget) - before, 0.95 * 60, 66);
        Assert.Empty(world.Provider.Exceeded);
    }

    /// <summary>
    /// With an operation or two for every call it would be 1,000 to 2,000; the figures are for one account and six limited tenants.
    /// </summary>
    [Fact]
    public void FiftyInstances_AdmittingTwoThousandCallsASecond_TakeAtMostTenOperationsAThousandCalls()
    {
        (string Id, double Weight)[] tenants = [.. Enumerable.Range(0, 6).Select(i => ("t" + i, 1.0))];
        var world = Fleet(50, 1_200_000, [.. tenants.Select(tenant => new Source(tenant.Id, Priority.Standard, 40, 100, 900))], tenants, tokensPerTenant: 250_000);
        world.RunFor(SettledSeconds - 2 * Policy.RefreshEvery.TotalSeconds);
        var (operations, admitted) = (world.Operations, world.Admitted);

        world.RunFor(16);

        (operations, admitted) = (world.Operations - operations, world.Admitted - admitted);
        Assert.True(admitted >= 2_000 * 16, $"Only {admitted} calls were admitted.");
        Assert.True(operations <= admitted * 0.010, $"{operations} operations for {admitted} calls.");
    }

    [Theory]
    [InlineData(3, 10_000)]
    [InlineData(50, 100_000)]
    public void Tenants_BackloggedAtDifferentInstances_GetServiceByWeightWithinOneRequestAndOneLease(int instances, int tokensPerSecond)
    {
        (string Id, double Weight)[] tenants = [("t1", 1), ("t2", 1), ("t3", 3), ("t4", 1)];
        var world = Fleet(
            instances,
            tokensPerSecond,
            [
                new("t1", Priority.Standard, 20, 100, 900),
                new("t2", Priority.Standard, 20 * instances, 100, 200) { At = 1 },
                new("t3", Priority.Standard, 100, 500, 900) { At = (instances + 1) / 2 },
                new("t4", Priority.Standard, 600 / instances, 50, 200) { At = (instances + 1) / 3 },
            ],
            tenants);
        world.RunFor(SettledSeconds);
        var before = tenants.ToDictionary(tenant => tenant, tenant => world.Provider.Tokens(tenant.Id, Priority.Standard));

        for (var i = 0; i < 8; i++)
        {
            world.RunFor(10);

            var service = tenants.Select(tenant => (world.Provider.Tokens(tenant.Id, Priority.Standard) - before[tenant]) / tenant.Weight).ToArray();
            var lease = tokensPerSecond * Policy.Duration.TotalSeconds / tenants.Sum(tenant => tenant.Weight);
            Assert.True(service.Max() - service.Min() <= 900 + lease, $"Service by weight: {string.Join(", ", service)}.");
        }
    }

    [Theory]
    [InlineData(3, 10_000)]
    [InlineData(50, 100_000)]
    public void Classes_AllBacklogged_GetTheirFloorsAndInteractiveTheRest(int instances, int tokensPerSecond)
    {
        var world = Fleet(instances, tokensPerSecond, [.. Enum.GetValues<Priority>().Select(priority => new Source("t1", priority, 30, 100, 900))]);
        world.RunFor(SettledSeconds);
        double[] Tokens() => [.. Enum.GetValues<Priority>().Select(priority => world.Provider.Tokens("t1", priority))];
        var before = Tokens();

        world.RunFor(40);

        var service = Tokens().Zip(before, (now, then) => now - then).ToArray();
        Assert.InRange(service[(int)Priority.Interactive] / service.Sum(), 0.84, 0.86);
        Assert.InRange(service[(int)Priority.Standard] / service.Sum(), 0.09, 0.11);
        Assert.InRange(service[(int)Priority.Background] / service.Sum(), 0.04, 0.06);
    }

    [Fact]
    public void ACooldownToldToOneInstance_IsKeptByItAtOnceAndByAllAfterOneRefresh_UntilItsEnd()
    {
        var world = Fleet(10, 100_000, [new("t1", Priority.Standard, 20, 100, 900)]);
        world.RunFor(SettledSeconds);
        FleetInstance? told = null;
        var toldAt = Instant.Never;
        var sent = new List<(FleetInstance By, Instant At)>();
        world.OnSent = (by, _) => sent.Add((by, world.Now));
        world.Answer = (instance, _) =>
        {
            if (told is not null)
            {
                return new(OutcomeKind.Success);
            }

            (told, toldAt) = (instance, world.Now);
            return new(OutcomeKind.RateLimited) { RetryAfter = TimeSpan.FromSeconds(40) };
        };

        world.RunFor(60);

        var end = toldAt + TimeSpan.FromSeconds(40);
        var heardByAll = toldAt + Policy.MinRefresh + Policy.RefreshEvery + 4 * Delay;
        Assert.DoesNotContain(sent, call => call.By == told && call.At > toldAt && call.At < end);
        Assert.DoesNotContain(sent, call => call.At > heardByAll && call.At < end);
        Assert.Contains(sent, call => call.At > heardByAll);
        Assert.All(sent.Where(call => call.At >= end), call => Assert.True(call.At >= end));
    }

    [Fact]
    public void AScopeClosedByAPerson_IsOpenEverywhereOnceOpenedAgain()
    {
        var world = Fleet(5, 100_000, [new("t1", Priority.Standard, 20, 100, 900)]);
        world.RunFor(SettledSeconds);
        var first = world.Instances[0];
        first.Limiter.CoolDown("a/m", first.Clock + TimeSpan.FromHours(1), first.Clock);
        world.RunFor(Policy.MinRefresh.TotalSeconds + 2 * Delay.TotalSeconds);
        Assert.True(world.Owners[Scope].Save().Books[Budget].CooldownUntil > world.Now + TimeSpan.FromMinutes(59));
        world.RunFor(20);
        var whileClosed = world.Admitted;
        world.RunFor(5);
        Assert.Equal(whileClosed, world.Admitted);

        first.Limiter.CoolDown("a/m", first.Clock, first.Clock);
        world.RunFor(20);

        Assert.True(world.Admitted > whileClosed + 500);
        Assert.All(world.Instances, instance => Assert.All(instance.Limiter.Report(instance.Clock).Budgets, budget => Assert.True(budget.CooldownUntil <= instance.Clock)));
    }

    [Fact]
    public void WithoutALease_NothingIsSent()
    {
        var world = Fleet(3, 10_000, [new("t1", Priority.Standard, 20, 100, 900)]);
        world.CutOff(Scope, TimeSpan.FromSeconds(60));
        world.RunFor(60);
        Assert.Equal(0, world.Admitted);

        world.RunFor(SettledSeconds);
        Assert.True(world.Admitted > 100);

        world.CutOff(Scope, TimeSpan.FromSeconds(120));
        world.RunFor(Policy.Duration.TotalSeconds + 2);
        var before = world.Admitted;
        world.RunFor(60);
        Assert.Equal(before, world.Admitted);
    }

    [Fact]
    public void AnInstanceThatDies_CostsItsShareUntilItsLeaseEnds_AndNoMore()
    {
        var world = Fleet(4, 10_000, [new("t1", Priority.Standard, 40, 100, 900)]);
        world.RunFor(SettledSeconds);
        world.Kill(world.Instances[0]);
        world.Kill(world.Instances[1]);
        world.RunFor(Policy.Duration.TotalSeconds + Policy.RefreshEvery.TotalSeconds);
        var before = world.Provider.Total(Budget);

        world.RunFor(30);

        Assert.InRange((world.Provider.Total(Budget) - before) / (10_000 * 30), 0.95, 1.03);
        Assert.Empty(world.Provider.Exceeded);
    }

    [Fact]
    public void AnInstanceThatLeaves_CostsNothing()
    {
        var world = Fleet(4, 10_000, [new("t1", Priority.Standard, 40, 100, 900)]);
        world.RunFor(SettledSeconds);
        world.Retire(world.Instances[0]);
        world.Retire(world.Instances[1]);
        world.RunFor(2 * Delay.TotalSeconds + Policy.MinRefresh.TotalSeconds);
        var before = world.Provider.Total(Budget);

        world.RunFor(Policy.Duration.TotalSeconds);

        Assert.InRange((world.Provider.Total(Budget) - before) / (10_000 * Policy.Duration.TotalSeconds), 0.9, 1.3);
        Assert.Empty(world.Provider.Exceeded);
    }

    [Fact]
    public void ALowerLimitThatAProviderReportsToOneInstance_BindsAll()
    {
        var world = Fleet(5, 10_000, [new("t1", Priority.Standard, 40, 100, 900)]);
        world.RunFor(SettledSeconds);
        world.Answer = (_, _) => new(OutcomeKind.Success) { Readings = [new(Dimension.Tokens, TimeSpan.FromMinutes(1), 300_000, null, null)] };
        world.RunFor(30);
        var before = world.Provider.Total(Budget);

        world.RunFor(30);

        Assert.InRange((world.Provider.Total(Budget) - before) / (5_000 * 30), 0.95, 1.03);
    }

    [Fact]
    public void WhatOthersUseOfTheSameKey_IsLearnedFromRefusals()
    {
        var world = Fleet(5, 10_000, [new("t1", Priority.Standard, 40, 100, 900)]);
        var provider = new SharedBucket(perSecond: 10_000, capacity: 60_000, othersPerSecond: 5_000);
        world.OnSent = (_, call) => provider.Take(call, world.Now);
        world.Answer = (_, call) => provider.Answer(call, world.Now);
        world.RunFor(SettledSeconds + 300);
        var (accepted, refused) = (provider.Accepted, provider.Refused);

        world.RunFor(120);

        (accepted, refused) = (provider.Accepted - accepted, provider.Refused - refused);
        var sent = accepted / 500;
        Assert.True(refused <= sent * 0.02, $"{refused} of about {sent} calls were refused.");
        Assert.InRange(accepted / (5_000 * 120), 0.85, 1.03);
    }

    [Fact]
    public void AnOwnerThatLostItsState_LendsNothingBeforeAllLeasesHaveEnded()
    {
        var world = Fleet(5, 10_000, [new("t1", Priority.Standard, 40, 100, 900)]);
        world.RunFor(SettledSeconds);
        world.LoseState(Scope);
        world.RunFor(Policy.Duration.TotalSeconds);
        var before = world.Provider.Total(Budget);

        world.RunFor(30);

        Assert.Empty(world.Provider.Exceeded);
        Assert.True(world.Provider.Total(Budget) - before > 10_000 * 20);
    }

    internal static FleetWorld Fleet(
        int instances, int tokensPerSecond, IReadOnlyList<Source> sources, IReadOnlyList<(string Id, double Weight)>? tenants = null, int? tokensPerTenant = null) =>
        Fleet(instances, sources, PerSecond(tokensPerSecond), tenants, tokensPerTenant is { } own ? [PerSecond(own)] : []);

    internal static FleetWorld Fleet(int instances, IReadOnlyList<Source> sources, Limit limit, IReadOnlyList<(string Id, double Weight)>? tenants = null, IReadOnlyList<Limit>? ofTenants = null) => new(
        new()
        {
            Spec = new()
            {
                Accounts = [new("a", [])],
                Deployments = [new("a/m", "a", [limit])],
                Routes = [new("m", ["a/m"], [])],
                Tenants = [.. (tenants ?? [("t1", 1), ("t2", 1), ("t3", 1)]).Select(tenant => new TenantSpec(tenant.Id, tenant.Weight, ofTenants ?? [], []))],
                Queue = new() { MaxWait = [.. Enumerable.Repeat(TimeSpan.FromHours(1), 3)] },
            },
            Policy = Policy,
            Instances = instances,
            Sources = sources,
            LongestDelay = Delay,
        },
        seed: 1);

    private static Limit PerSecond(int tokens) => new(Dimension.Tokens, tokens * 60, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket) { BurstSeconds = 6 };

    /// <summary>A provider's bucket that others use as well.</summary>
    internal sealed class SharedBucket(double perSecond, double capacity, double othersPerSecond)
    {
        private readonly HashSet<Call> _refused = [];
        private double _level;
        private Instant _at;

        public double Accepted { get; private set; }

        public int Refused { get; private set; }

        public void Take(Call call, Instant now)
        {
            _level = Math.Min(capacity, _level + (perSecond - othersPerSecond) * Math.Min(1e6, (now - _at).TotalSeconds));
            _at = now;
            var amount = call.Reservation.Provider.Tokens;
            if (amount > _level)
            {
                Refused++;
                _refused.Add(call);
                return;
            }

            _level -= amount;
            Accepted += amount;
        }

        public Observation Answer(Call call, Instant now) => !_refused.Remove(call)
            ? new(OutcomeKind.Success) { Readings = [new(Dimension.Tokens, null, (long)(perSecond * 60), (long)_level, null)] }
            : new(OutcomeKind.RateLimited) { RetryAfter = TimeSpan.FromSeconds(1), Dimension = Dimension.Tokens };
    }
}
