using FsCheck;
using FsCheck.Fluent;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Leasing.Fleets;

public class FleetProperties
{
    /// <summary>
    /// Fleets of every size on random limits, several at once, under several times what they hold, with messages late, lost and repeated,
    /// instances dying and being replaced, owners out of reach or losing their state, and clocks apart and drifting.
    /// </summary>
    [Fact]
    public void AFleet_WhateverGoesWrong_NeverSendsMoreThanAnyLimit()
    {
        var admitted = 0L;
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(10), Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var world = RandomWorld(seed);
            world.RunFor(135);
            admitted += world.Admitted;
            var exceeded = string.Join("; ", world.Provider.Exceeded);
            return (exceeded.Length == 0).Label(exceeded);
        }));
        Assert.True(admitted > 10 * 200, $"Only {admitted} calls were sent: the fleets are too quiet to show anything.");
    }

    internal static FleetWorld RandomWorld(int seed)
    {
        var random = new Random(seed);
        string[] tenants = ["t1", "t2", "t3"];
        var deployments = Enumerable.Range(0, 1 + random.Next(2)).Select(i => "a/m" + i).ToArray();
        var isLimited = random.Next(3) == 0;
        var isShared = random.Next(3) == 0;
        var spec = new LimiterSpec
        {
            Accounts = [new("a", random.Next(2) == 0 ? [] : [RandomLimit(random)])],
            SharedLimits = isShared ? [new("s", [RandomLimit(random)])] : [],
            Deployments = [.. deployments.Select(id => new Core.Scheduling.DeploymentSpec(id, "a", RandomLimits(random)) { SharedLimits = isShared ? ["s"] : [] })],
            Routes = [new("m", deployments, [])],
            Tenants = [.. tenants.Select((id, i) => new TenantSpec(id, 1 + random.Next(3), i == 0 && isLimited ? RandomLimits(random) : [], [])
            {
                RouteLimits = i == 1 && isLimited ? new Dictionary<string, IReadOnlyList<Limit>> { ["m"] = RandomLimits(new Random(seed)) } : new Dictionary<string, IReadOnlyList<Limit>>(),
            })],
            Queue = new() { MaxWait = [TimeSpan.FromSeconds(random.Next(1, 60)), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5)] },
        };
        var instances = random.Next(4) switch { 0 => 1, 1 => 3, 2 => random.Next(2, 12), _ => 20 };
        var isCalm = random.Next(3) == 0;
        var world = new FleetWorld(new()
        {
            Spec = spec,
            Policy = new() { ClockMargin = TimeSpan.FromSeconds(random.Next(2) == 0 ? 0.1 : 1), LongestCall = TimeSpan.FromSeconds(10) },
            Instances = instances,
            Sources =
            [
                .. from tenant in tenants
                   from priority in Enum.GetValues<Priority>()
                   where random.Next(3) > 0
                   select new Source(tenant, priority, 1 + random.Next(1 + 100 / instances), 1, (int)Math.Exp(3 + 5 * random.NextDouble())) { At = 1 + random.Next(instances) },
            ],
            LongestDelay = TimeSpan.FromSeconds(3 * random.NextDouble()),
            Loss = isCalm ? 0 : 0.2 * random.NextDouble(),
            Repetition = isCalm ? 0 : 0.2 * random.NextDouble(),
            Life = isCalm ? null : TimeSpan.FromSeconds(instances * (3 + 30 * random.NextDouble())),
            OutageEvery = isCalm ? null : TimeSpan.FromSeconds(10 + 100 * random.NextDouble()),
            Drift = 0.9,
            Apart = TimeSpan.FromSeconds(10_000 * random.NextDouble()),
            LeastFinal = random.NextDouble(),
            CallTime = TimeSpan.FromSeconds(4 * random.NextDouble()),
        }, seed);

        // Of days and places nobody can tell a lost state from a first start, once all who held leases are gone as well.
        var limits = spec.Accounts.SelectMany(account => account.Limits).Concat(spec.Deployments.SelectMany(deployment => deployment.Limits))
            .Concat(spec.SharedLimits.SelectMany(shared => shared.Limits));
        var mayForget = isCalm || limits.All(limit => limit.Algorithm is not (LimitAlgorithm.CalendarDay or LimitAlgorithm.Concurrency));
        for (var i = random.Next(3); i > 0 && mayForget; i--)
        {
            world.At(TimeSpan.FromSeconds(135 * random.NextDouble()), () => world.LoseState("account:a"));
        }

        return world;
    }

    private static Limit[] RandomLimits(Random random) => [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => RandomLimit(random)).DistinctBy(limit => limit.Dimension)];

    private static Limit RandomLimit(Random random)
    {
        var scale = Math.Exp(4 * random.NextDouble());
        return random.Next(7) switch
        {
            0 or 1 => new(Dimension.Tokens, (long)(6_000 * scale), TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket) { BurstSeconds = random.Next(2) == 0 ? null : 1 + random.Next(30) },
            2 => new(Dimension.Requests, (long)(60 * scale), TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket),
            3 => new(Dimension.InputTokens, (long)(3_000 * scale), TimeSpan.FromSeconds(random.Next(5, 60)), LimitAlgorithm.Sliding),
            4 => new(Dimension.OutputTokens, (long)(3_000 * scale), TimeSpan.FromSeconds(random.Next(5, 60)), LimitAlgorithm.Fixed),
            5 => new(Dimension.Tokens, (long)(60_000 * scale), TimeSpan.FromDays(1), LimitAlgorithm.CalendarDay),
            _ => new(Dimension.Concurrent, 1 + (long)(5 * scale), TimeSpan.Zero, LimitAlgorithm.Concurrency),
        };
    }
}
