using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Leasing.Fleets;

/// <summary>Limits of which an instance's share is about one call, or less: whole calls' worth goes round, or all that is left.</summary>
public class SmallShareTests
{
    private const string Budget = "deployment:a/m";
    private const int Amount = 60_000;
    private const int Seconds = 660;

    public static TheoryData<Limit, int, double> Cases
    {
        get
        {
            var cases = new TheoryData<Limit, int, double>();
            Limit[] limits =
            [
                Tokens(LimitAlgorithm.Bucket, 60),
                Tokens(LimitAlgorithm.Bucket, 60) with { BurstSeconds = 1 },
                Tokens(LimitAlgorithm.Bucket, 60) with { BurstSeconds = 6 },
                Tokens(LimitAlgorithm.Sliding, 60),
                Tokens(LimitAlgorithm.Sliding, 10),
                Tokens(LimitAlgorithm.Fixed, 60),
                Tokens(LimitAlgorithm.Fixed, 10),
            ];
            foreach (var limit in limits)
            {
                foreach (var instances in new[] { 2, 3, 10 })
                {
                    foreach (var shares in new[] { 0.5, 1, 2 })
                    {
                        cases.Add(limit, instances, shares);
                    }
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void ALimit_WhoseShares_AreAboutOneCall_IsUsedToNineTenthsOfWhatOneBudgetWouldUse(Limit limit, int instances, double shares)
    {
        var burst = (limit.BurstSeconds ?? limit.Window.TotalSeconds) / limit.Window.TotalSeconds * limit.Amount;
        var call = (int)(burst / instances * shares);
        var world = World(instances, [new("t1", Priority.Standard, 5, call, call)], [limit]);
        world.RunFor(180);
        var before = world.Provider.Total(Budget);

        world.RunFor(Seconds);

        // Of a window one budget would use as many whole calls as it holds.
        var possible = Seconds * limit.PerSecond * (limit.Algorithm == LimitAlgorithm.Bucket ? 1 : (double)(limit.Amount / call * call) / limit.Amount);
        var used = (world.Provider.Total(Budget) - before) / possible;
        Assert.True(used >= 0.9, $"{used:P1} of what one budget would use.");
        Assert.Empty(world.Provider.Exceeded);
        Assert.All(world.Instances, instance => Assert.Equal(0, instance.Refused));
    }

    /// <summary>One instance alone has the whole burst, however large its calls are beside it.</summary>
    [Theory]
    [InlineData(1, 500)]
    [InlineData(1, 1_000)]
    [InlineData(6, 6_000)]
    public void OneInstance_WhoseCallIsAWholeBurst_UsesAllOfTheLimit(int burstSeconds, int call)
    {
        var world = World(1, [new("t1", Priority.Standard, 5, call, call)], [Tokens(LimitAlgorithm.Bucket, 60) with { BurstSeconds = burstSeconds }]);
        world.RunFor(60);
        var (before, operations) = (world.Provider.Total(Budget), world.Operations);

        world.RunFor(Seconds);

        Assert.InRange((world.Provider.Total(Budget) - before) / Amount * 60 / Seconds, 0.95, 1.01);
        Assert.InRange(world.Operations - operations, Seconds / 8 - 1, Seconds / 6);
    }

    /// <summary>A call waits for both limits: whoever has the one has the other.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void TwoShortBurstsAtOnce_GoRoundTogether(int instances)
    {
        Limit[] limits =
        [
            Tokens(LimitAlgorithm.Bucket, 60) with { BurstSeconds = 1 },
            new(Dimension.Requests, 90, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket) { BurstSeconds = 1 },
        ];
        var world = World(instances, [new("t1", Priority.Standard, 5, 700, 700)], limits);
        world.RunFor(180);
        var before = world.Provider.Total(Budget);

        world.RunFor(Seconds);

        Assert.InRange((world.Provider.Total(Budget) - before) / (Seconds * limits[0].PerSecond), 0.85, 1.01);
        Assert.Empty(world.Provider.Exceeded);
    }

    /// <summary>Turns go by share: the same for instances that want the same.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(10)]
    public void Instances_AmongWhichAShortBurstGoesRound_GetTheSame(int instances)
    {
        var world = World(instances, [new("t1", Priority.Standard, 5, 500, 500)], [Tokens(LimitAlgorithm.Bucket, 60) with { BurstSeconds = 1 }]);
        var sent = world.Instances.ToDictionary(instance => instance, _ => 0);
        world.RunFor(180);
        world.OnSent = (by, _) => sent[by]++;

        world.RunFor(Seconds);

        Assert.InRange(sent.Values.Min() / (double)sent.Values.Max(), 0.75, 1);
    }

    private static Limit Tokens(LimitAlgorithm algorithm, int seconds) => new(Dimension.Tokens, Amount, TimeSpan.FromSeconds(seconds), algorithm);

    private static FleetWorld World(int instances, IReadOnlyList<Source> sources, IReadOnlyList<Limit> limits) => new(
        new()
        {
            Spec = new()
            {
                Accounts = [new("a", [])],
                Deployments = [new("a/m", "a", limits)],
                Routes = [new("m", ["a/m"], [])],
                Tenants = [new("t1", 1, [], [])],
                Queue = new() { MaxWait = [.. Enumerable.Repeat(TimeSpan.FromHours(1), 3)] },
            },
            Instances = instances,
            Sources = sources,
        },
        seed: 1);
}
