using System.Globalization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using Xunit.Abstractions;

namespace FuncLimiter.Core.Tests.Charging;

/// <summary>Keys that share a limit at their provider, though the configuration gives each one of its own. Each cell by itself.</summary>
public class SharedLimitTests(ITestOutputHelper output)
{
    /// <summary>Charged by no known rule, keys that share a limit are not always told from keys that are charged more.</summary>
    private static readonly string[] ByNoRule = ["half as much again as prompt and max", "prompt, max and 100 a call"];

    public static TheoryData<LimitAlgorithm, string, bool> Rules() => CellsOf(charges => !ByNoRule.Contains(charges.Name));

    public static TheoryData<LimitAlgorithm, string, bool> Cells() => CellsOf(_ => true);

    private static TheoryData<LimitAlgorithm, string, bool> CellsOf(Func<Charges, bool> are)
    {
        var cells = new TheoryData<LimitAlgorithm, string, bool>();
        foreach (var algorithm in new[] { LimitAlgorithm.Bucket, LimitAlgorithm.Sliding, LimitAlgorithm.Fixed })
        {
            foreach (var charges in Charges.All.Where(charges => are(charges) && (algorithm != LimitAlgorithm.Fixed || !charges.IsSettledLater)))
            {
                cells.Add(algorithm, charges.Name, false);
                cells.Add(algorithm, charges.Name, true);
            }
        }

        return cells;
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void KeysThatShareALimit_AreFound(LimitAlgorithm algorithm, string charges, bool stampsAnswers)
    {
        var world = World(algorithm, charges, keys: 2, isApart: false, stampsAnswers);

        var (refusedFirst, refusedLater, use) = Run(world);

        Assert.NotEmpty(world.Found);
        Assert.InRange(refusedFirst, 0, 0.005);
        Assert.InRange(refusedLater, 0, 0.001);
        Assert.InRange(use, 0.97, 1.001);
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void KeysWithLimitsOfTheirOwn_AreNotTakenForSharers(LimitAlgorithm algorithm, string charges, bool stampsAnswers)
    {
        var world = World(algorithm, charges, keys: 2, isApart: true, stampsAnswers);
        var isFound = false;

        world.RunFor(1200, () => isFound |= world.Found.Count > 0);

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"use {world.UseOfAll:0.000}"));
        Assert.False(isFound);
        Assert.InRange(world.UseOfAll, 0.95, 1.001);
    }

    public static TheoryData<LimitAlgorithm, double, int> Ways()
    {
        var ways = new TheoryData<LimitAlgorithm, double, int>();
        foreach (var algorithm in new[] { LimitAlgorithm.Bucket, LimitAlgorithm.Sliding, LimitAlgorithm.Fixed })
        {
            ways.Add(algorithm, 0.2, 1);
            ways.Add(algorithm, 0.2, 2);
            ways.Add(algorithm, 0.5, 2);
        }

        return ways;
    }

    /// <summary>On a slow way calls overtake one another by tenths of a second: what is reported is out of order, and books seem wrong that are right.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void KeysWhoseCallsOvertakeOneAnother_AreFoundIfTheyShareALimit_AndNotIfEachHasItsOwn(LimitAlgorithm algorithm, double spread, int seed)
    {
        var shared = World(isApart: false);
        shared.RunFor(180);
        var (arrivals, refusals) = (shared.Arrivals, shared.Refusals);
        shared.RunFor(480);

        var apart = World(isApart: true);
        var isFound = false;
        apart.RunFor(660, () => isFound |= apart.Found.Count > 0);

        Assert.Single(shared.Found);
        Assert.InRange((shared.Refusals - refusals) / (double)(shared.Arrivals - arrivals), 0, 0.005);
        Assert.False(isFound);
        Assert.InRange(apart.UseOfAll, 0.8, 1.001);
        ChargingWorld World(bool isApart) =>
            new(algorithm, Charges.All.Single(rule => rule.Name == "prompt and max"), 600_000, agents: 100, seed: seed, mostOutput: 300, keys: 2, isApart: isApart) { Spread = spread };
    }

    [Theory]
    [InlineData(LimitAlgorithm.Bucket)]
    [InlineData(LimitAlgorithm.Sliding)]
    [InlineData(LimitAlgorithm.Fixed)]
    public void ThreeKeysThatShareALimit_AreFoundTogether(LimitAlgorithm algorithm)
    {
        var world = World(algorithm, "larger of prompt and max", keys: 3, isApart: false, stampsAnswers: false);

        var (_, refusedLater, use) = Run(world);

        Assert.Equal(3, Assert.Single(world.Found).Budgets.Count);
        Assert.InRange(refusedLater, 0, 0.001);
        Assert.InRange(use, 0.97, 1.001);
    }

    /// <summary>
    /// The provider gives each key a limit of its own from some day on: that is noticed, and all of it used again. Of fixed windows too little is
    /// seen for that; there a person forgets what was found.
    /// </summary>
    [Theory]
    [InlineData(LimitAlgorithm.Bucket)]
    [InlineData(LimitAlgorithm.Sliding)]
    public void KeysThatNoLongerShareALimit_AreLetGo(LimitAlgorithm algorithm)
    {
        var world = World(algorithm, "larger of prompt and max", keys: 2, isApart: false, stampsAnswers: false);
        world.RunFor(120);
        Assert.Single(world.Found);

        world.Part();
        world.RunFor(600);
        var (accepted, from) = (world.Accepted, world.Now);
        world.RunFor(600);

        Assert.Empty(world.Found);
        Assert.InRange((world.Accepted - accepted) / (2 * 600_000 * (world.Now - from) / 60), 0.9, 1.1);
    }

    [Fact]
    public void WhatWasFound_OutlivesTheProcess_AndCanBeForgotten()
    {
        var world = World(LimitAlgorithm.Bucket, "larger of prompt and max", keys: 2, isApart: false, stampsAnswers: false);
        world.RunFor(120);
        var before = Assert.Single(world.Found);

        var limiter = world.Restarted();

        var found = Assert.Single(limiter.Report(world.Clock).Budgets, budget => budget.Found is not null);
        Assert.Equal((before.Since, before.Answers), (found.Found!.Since, found.Found.Answers));
        Assert.Equal(["deployment:a/m", "deployment:b/m"], found.Found.Budgets);
        Assert.True(limiter.Controls.Forget(found.Name, world.Clock));
        Assert.DoesNotContain(limiter.Report(world.Clock).Budgets, budget => budget.Found is not null);
    }

    /// <summary>What is full is full for all keys; what fails may fail for one alone.</summary>
    [Theory]
    [InlineData(OutcomeKind.RateLimited, true)]
    [InlineData(OutcomeKind.TransientFailure, false)]
    [InlineData(OutcomeKind.Overloaded, false)]
    public void ARefusal_ClosesWhatIsShared_AndAFailureDoesNot(OutcomeKind kind, bool closesAll)
    {
        var world = World(LimitAlgorithm.Bucket, "larger of prompt and max", keys: 2, isApart: false, stampsAnswers: false);
        world.RunFor(120);
        var limiter = world.Restarted();
        var now = world.Clock + TimeSpan.FromMinutes(2);
        var call = new Call { Route = "m", Tenant = "t", Consumer = new Charge(1, 10, 10, 0, 1), Provider = [new Charge(1, 10, 10, 0, 1), new Charge(1, 10, 10, 0, 1)] };
        Assert.Equal(CallState.Admitted, limiter.Submit(call, now));

        limiter.Observe(call.Reservation, new(kind) { RetryAfter = TimeSpan.FromSeconds(30) }, now);

        Assert.Equal(closesAll, limiter.Report(now).Budgets.Single(budget => budget.Found is not null).CooldownUntil > now);
        Assert.Contains(limiter.Report(now).Budgets, budget => budget.CooldownUntil > now);
    }

    private static ChargingWorld World(LimitAlgorithm algorithm, string charges, int keys, bool isApart, bool stampsAnswers) =>
        new(algorithm, Charges.All.Single(rule => rule.Name == charges), 600_000, agents: 100 * keys, keys: keys, isApart: isApart) { StampsAnswers = stampsAnswers };

    private (double RefusedFirst, double RefusedLater, double Use) Run(ChargingWorld world)
    {
        var foundAt = double.NaN;
        void Look() => foundAt = double.IsNaN(foundAt) && world.Found.Count > 0 ? world.Now : foundAt;
        world.RunFor(60, Look);
        var (first, refused) = (world.Arrivals, world.Refusals);
        world.RunFor(1140, Look);
        var (later, again) = (world.Arrivals - first, world.Refusals - refused);
        var use = world.Provider.Accepted / world.Provider.Possible(world.Now);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"first minute {refused} of {first} refused, later {again} of {later} ({100.0 * again / later:0.000} %), use {use:0.000}, found after {foundAt:0} s; {world.Charging}"));
        return ((double)refused / first, (double)again / later, use);
    }
}
