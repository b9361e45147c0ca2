using System.Globalization;
using FuncLimiter.Core.Budgets;
using Xunit.Abstractions;

namespace FuncLimiter.Core.Tests.Charging;

/// <summary>Keys that share a limit at their provider, and are leased from an owner each. Each cell by itself.</summary>
public class SharedLeaseTests(ITestOutputHelper output)
{
    private static readonly LimitAlgorithm[] Algorithms = [LimitAlgorithm.Bucket, LimitAlgorithm.Sliding, LimitAlgorithm.Fixed];
    private static readonly string[] Rules = ["larger of prompt and max", "prompt", "prompt and max", "prompt and output at once"];

    public static TheoryData<LimitAlgorithm, string> Cells()
    {
        var cells = new TheoryData<LimitAlgorithm, string>();
        foreach (var algorithm in Algorithms)
        {
            foreach (var charges in Rules)
            {
                cells.Add(algorithm, charges);
            }
        }

        return cells;
    }

    public static TheoryData<LimitAlgorithm, string, int> Fleets()
    {
        var fleets = new TheoryData<LimitAlgorithm, string, int>();
        foreach (var algorithm in Algorithms)
        {
            foreach (var charges in Rules)
            {
                fleets.Add(algorithm, charges, 1);
                fleets.Add(algorithm, charges, 2);
            }
        }

        return fleets;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void KeysThatShareALimit_AreFoundByAnInstanceThatIsAlone_AndTheirOwnersLendNoMore(LimitAlgorithm algorithm, string charges)
    {
        var world = World(algorithm, charges, instances: 1);

        var (refusedFirst, refusedLater, use) = Run(world, 540);

        Assert.Equal(["deployment:a/m", "deployment:b/m"], Assert.Single(world.Found).Budgets);
        Assert.InRange(refusedFirst, 0, 0.1);
        Assert.InRange(refusedLater, 0, 0.01);
        Assert.InRange(use, 0.95, 1.001);
    }

    /// <summary>Another one comes in the midst of the first one's search, or none does.</summary>
    [Theory]
    [MemberData(nameof(Fleets))]
    public void KeysWithLimitsOfTheirOwn_AreNotTakenForSharers(LimitAlgorithm algorithm, string charges, int instances)
    {
        var world = World(algorithm, charges, instances, isApart: true);
        var isFound = false;

        for (var i = 0; i < 4; i++)
        {
            world.RunFor(120, () => isFound |= world.Found.Count > 0);
            if (i % 2 == 0)
            {
                world.Join(agents: 20);
            }
            else
            {
                world.Replace(agents: 100);
            }
        }

        Assert.False(isFound);
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void InstancesThatComeLater_KeepToWhatOneHasFound(LimitAlgorithm algorithm, string charges)
    {
        var world = World(algorithm, charges, instances: 1);
        world.RunFor(180);
        Assert.Single(world.Found);

        world.Join(agents: 100);
        world.Join(agents: 100);
        world.RunFor(60);
        var (_, refusedLater, use) = Run(world, 300);

        Assert.Equal(3, world.FoundEverywhere.Count);
        Assert.All(world.FoundEverywhere, found => Assert.Equal(["deployment:a/m", "deployment:b/m"], Assert.Single(found).Budgets));
        Assert.InRange(refusedLater, 0, 0.005);
        Assert.InRange(use, 0.85, 1.001);
    }

    [Fact]
    public void WhatWasFound_OutlivesEveryInstance_AndAPersonCanForgetIt()
    {
        var world = World(LimitAlgorithm.Bucket, "larger of prompt and max", instances: 1);
        world.RunFor(120);
        var before = Assert.Single(world.Found);

        world.Replace(agents: 200);
        world.RunFor(5);

        var found = Assert.Single(world.Found);
        Assert.Equal(before.Budgets, found.Budgets);
        Assert.Equal(before.Answers, found.Answers);
        Assert.True(world.Change((controls, now) => controls.Forget("shared:found/a/m+b/m", now)));
        Assert.Empty(world.Found);
        world.RunFor(1);
        Assert.Empty(world.Found);
        world.Replace(agents: 200);
        world.RunFor(2);
        Assert.Empty(world.Found);
    }

    [Theory]
    [InlineData(LimitAlgorithm.Bucket)]
    [InlineData(LimitAlgorithm.Sliding)]
    public void KeysThatNoLongerShareALimit_AreLetGo(LimitAlgorithm algorithm)
    {
        var world = World(algorithm, "larger of prompt and max", instances: 1);
        world.RunFor(180);
        Assert.Single(world.Found);

        world.Part();
        world.RunFor(600);
        var (accepted, from) = (world.Accepted, world.Now);
        world.RunFor(300);

        Assert.Empty(world.Found);
        Assert.InRange((world.Accepted - accepted) / (2 * 600_000 * (world.Now - from) / 60), 0.85, 1.1);
    }

    private static ChargingWorld World(LimitAlgorithm algorithm, string charges, int instances, bool isApart = false) =>
        new(algorithm, Charges.All.Single(rule => rule.Name == charges), 600_000, agents: 200, instances, keys: 2, isApart: isApart);

    private (double RefusedFirst, double RefusedLater, double Use) Run(ChargingWorld world, double seconds)
    {
        var (arrivals, refusals) = (world.Arrivals, world.Refusals);
        world.RunFor(60);
        var (first, refused, accepted, from) = (world.Arrivals - arrivals, world.Refusals - refusals, world.Accepted, world.Now);
        world.RunFor(seconds);
        var (later, again) = (world.Arrivals - arrivals - first, world.Refusals - refusals - refused);
        var use = (world.Accepted - accepted) / (600_000 * (world.Now - from) / 60);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"first minute {refused} of {first} refused, later {again} of {later} ({100.0 * again / later:0.000} %), use {use:0.000}, {world.Operations} operations; {world.Charging}"));
        return ((double)refused / first, (double)again / later, use);
    }
}
