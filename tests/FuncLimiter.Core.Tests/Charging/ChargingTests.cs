using System.Globalization;
using FuncLimiter.Core.Budgets;
using Xunit.Abstractions;

namespace FuncLimiter.Core.Tests.Charging;

/// <summary>A provider that charges by another rule than it documents, behind an account that is charged as documented. Each cell by itself.</summary>
public class ChargingTests(ITestOutputHelper output)
{
    private static readonly LimitAlgorithm[] Algorithms = [LimitAlgorithm.Bucket, LimitAlgorithm.Sliding, LimitAlgorithm.Fixed];

    public static TheoryData<LimitAlgorithm, string, bool> Cells()
    {
        var cells = new TheoryData<LimitAlgorithm, string, bool>();
        foreach (var algorithm in Algorithms)
        {
            foreach (var charges in Charges.All)
            {
                // What is charged or given back after the call counts in the next of a provider's minutes, which nobody can foresee.
                if (algorithm != LimitAlgorithm.Fixed || !charges.IsSettledLater)
                {
                    cells.Add(algorithm, charges.Name, false);
                    cells.Add(algorithm, charges.Name, true);
                }
            }
        }

        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Reports_TellTheRule_AndHardlyACallIsRefused(LimitAlgorithm algorithm, string charges, bool stampsAnswers)
    {
        var world = new ChargingWorld(algorithm, Charges.All.Single(rule => rule.Name == charges), 600_000, agents: 200) { StampsAnswers = stampsAnswers };

        Check(world);
    }

    /// <summary>
    /// Leased, an owner learns from what instances tell it: bounds are those that hold for all numbers of instances, wider for windows,
    /// of which an instance holds amounts that nobody else can see.
    /// </summary>
    [Theory]
    [InlineData(LimitAlgorithm.Bucket, "larger of prompt and max", 1, 0.001, 0.95)]
    [InlineData(LimitAlgorithm.Bucket, "larger of prompt and max", 3, 0.001, 0.95)]
    [InlineData(LimitAlgorithm.Bucket, "larger of prompt and max", 50, 0.001, 0.95)]
    [InlineData(LimitAlgorithm.Bucket, "prompt and max", 1, 0.001, 0.95)]
    [InlineData(LimitAlgorithm.Bucket, "prompt and max", 3, 0.001, 0.95)]
    [InlineData(LimitAlgorithm.Bucket, "prompt and max", 50, 0.01, 0.95)]
    [InlineData(LimitAlgorithm.Bucket, "prompt", 1, 0.001, 0.95)]
    [InlineData(LimitAlgorithm.Bucket, "prompt", 3, 0.001, 0.95)]
    [InlineData(LimitAlgorithm.Bucket, "prompt", 50, 0.001, 0.95)]
    [InlineData(LimitAlgorithm.Sliding, "larger of prompt and max", 1, 0.001, 0.9)]
    [InlineData(LimitAlgorithm.Sliding, "larger of prompt and max", 3, 0.001, 0.9)]
    [InlineData(LimitAlgorithm.Sliding, "prompt and max", 1, 0.001, 0.95)]
    [InlineData(LimitAlgorithm.Sliding, "prompt and max", 3, 0.001, 0.95)]
    [InlineData(LimitAlgorithm.Fixed, "larger of prompt and max", 1, 0.001, 0.9)]
    [InlineData(LimitAlgorithm.Fixed, "larger of prompt and max", 3, 0.001, 0.9)]
    [InlineData(LimitAlgorithm.Fixed, "prompt and max", 1, 0.001, 0.95)]
    [InlineData(LimitAlgorithm.Fixed, "prompt and max", 3, 0.001, 0.95)]
    public void Owners_LearnTheRule_ForAllTheirInstances(LimitAlgorithm algorithm, string charges, int instances, double mostRefused, double leastUse)
    {
        var world = new ChargingWorld(algorithm, Charges.All.Single(rule => rule.Name == charges), 600_000, agents: 200, instances);

        var (refusedFirst, refusedLater, use) = Run(world);

        Assert.InRange(refusedFirst, 0, 0.01);
        Assert.InRange(refusedLater, 0, mostRefused);
        Assert.InRange(use, leastUse, 1.001);
    }

    /// <summary>
    /// Instances tell of several answers at once, so owners learn with few asks; and what was charged too much until then is lent again, and no
    /// longer shown as used.
    /// </summary>
    [Theory]
    [InlineData("prompt and max", 1, 10, 0.97, 0.08)]
    [InlineData("prompt and max", 3, 28, 0.97, 0.08)]
    [InlineData("larger of prompt and max", 1, 10, 0.97, 0.08)]
    [InlineData("larger of prompt and max", 3, 28, 0.97, 0.1)]
    [InlineData("prompt", 1, 10, 0.97, 0.08)]
    [InlineData("prompt", 3, 28, 0.97, 0.1)]
    [InlineData("larger of prompt and max", 10, 80, 0.95, 0.15)]
    public void Owners_LearnWithFewAsks_AndLendAgainWhatWasChargedTooMuch(string charges, int instances, double mostAsks, double leastUse, double mostOff)
    {
        var world = new ChargingWorld(LimitAlgorithm.Bucket, Charges.All.Single(rule => rule.Name == charges), 600_000, agents: 200, instances);
        var off = new List<double>();
        world.RunFor(60);
        var perThousand = 1000.0 * world.Operations / world.Arrivals;
        world.RunFor(240, () => off.Add(Math.Abs(world.Use - world.Provider.Use(world.Now))));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{perThousand:0.0} operations for 1,000 calls in the first minute; shown off by {off.Average():0.000}, {world.UseOfAll:0.000} used, {world.Refusals} refused"));

        Assert.InRange(perThousand, 0, mostAsks);
        Assert.InRange(world.UseOfAll, leastUse, 1.001);
        Assert.InRange(off.Average(), 0, mostOff);
        Assert.InRange((double)world.Refusals / world.Arrivals, 0, 0.001);
    }

    /// <summary>
    /// What a window has left comes back with time, so nothing is gained by asking before: owners are asked seldom, however many calls wait. And
    /// what is shown to be in use is what the provider counts, also between two asks; of other instances it is what they had told by then.
    /// </summary>
    [Theory]
    [InlineData(LimitAlgorithm.Sliding, "prompt and max", 1, 1, 0.018)]
    [InlineData(LimitAlgorithm.Sliding, "prompt and max", 1, 2, 0.018)]
    [InlineData(LimitAlgorithm.Sliding, "larger of prompt and max", 1, 1, 0.018)]
    [InlineData(LimitAlgorithm.Sliding, "larger of prompt and max", 1, 2, 0.018)]
    [InlineData(LimitAlgorithm.Sliding, "larger of prompt and max", 1, 3, 0.018)]
    [InlineData(LimitAlgorithm.Sliding, "prompt", 1, 1, 0.018)]
    [InlineData(LimitAlgorithm.Fixed, "prompt and max", 1, 1, 0.001)]
    [InlineData(LimitAlgorithm.Fixed, "larger of prompt and max", 1, 1, 0.001)]
    [InlineData(LimitAlgorithm.Sliding, "prompt and max", 3, 1, 0.035)]
    [InlineData(LimitAlgorithm.Sliding, "prompt and max", 3, 2, 0.035)]
    [InlineData(LimitAlgorithm.Sliding, "prompt and max", 3, 3, 0.035)]
    [InlineData(LimitAlgorithm.Fixed, "prompt and max", 3, 1, 0.06)]
    [InlineData(LimitAlgorithm.Fixed, "prompt and max", 3, 4, 0.06)]
    public void OwnersOfWindows_AreAskedSeldom_AndTellWhatIsUsed(LimitAlgorithm algorithm, string charges, int instances, int seed, double mostOff)
    {
        var world = new ChargingWorld(algorithm, Charges.All.Single(rule => rule.Name == charges), 6_000_000, agents: 2_000, instances, seed);
        var off = new List<double>();
        world.RunFor(120);
        var (arrivals, operations) = (world.Arrivals, world.Operations);
        world.RunFor(240, () => off.Add(Math.Abs(world.Use - world.Provider.Use(world.Now))));
        var perThousand = 1000.0 * (world.Operations - operations) / (world.Arrivals - arrivals);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{perThousand:0.0} operations for 1,000 calls; shown off by {off.Average():0.0000}, {off.Max():0.000} at most"));

        Assert.InRange(perThousand, 0, 8);
        Assert.InRange(off.Average(), 0, mostOff);
    }

    /// <summary>Ten calls a second, that come and go in bursts: nobody asks for what comes back in a moment, and nobody waits for it in vain.</summary>
    [Theory]
    [InlineData(1, 22)]
    [InlineData(3, 70)]
    public void OwnersOfSmallSlidingWindows_AreAskedSeldomToo_AndLendAll(int instances, double mostAsks)
    {
        var world = new ChargingWorld(LimitAlgorithm.Sliding, Charges.All.Single(rule => rule.Name == "prompt and max"), 540_000, agents: 37, instances);

        world.RunFor(300);

        var perThousand = 1000.0 * world.Operations / world.Arrivals;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{perThousand:0.0} operations for 1,000 calls; {world.UseOfAll:0.000} used, {world.Refusals} refused"));
        Assert.InRange(perThousand, 0, mostAsks);
        Assert.InRange(world.UseOfAll, 0.985, 1.001);
        Assert.InRange((double)world.Refusals / world.Arrivals, 0, 0.001);
    }

    /// <summary>A call or two that come too much when a window is full say nothing of how the others are charged.</summary>
    [Theory]
    [InlineData(1, 0.02)]
    [InlineData(1, 0.2)]
    [InlineData(3, 0.2)]
    public void OwnersOfSlidingWindows_KeepTheRuleThatTheyFound_WhereAFullOneRefusesACall(int instances, double spread)
    {
        var worlds = Enumerable.Range(1, 4).Select(seed => new ChargingWorld(
            LimitAlgorithm.Sliding, Charges.All.Single(rule => rule.Name == "larger of prompt and max"), 600_000, agents: 100, instances, seed, mostOutput: 300)
        { Spread = spread }).ToList();
        var (used, refused) = (0.0, 0.0);
        foreach (var world in worlds)
        {
            world.RunFor(60);
            var (accepted, arrivals, refusals) = (world.Accepted, world.Arrivals, world.Refusals);
            world.RunFor(540);
            used += (world.Accepted - accepted) / (9 * 600_000) / worlds.Count;
            refused += (double)(world.Refusals - refusals) / (world.Arrivals - arrivals) / worlds.Count;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{used:0.000} used, {refused:0.00000} refused"));
        Assert.InRange(used, 0.95, 1.001);
        Assert.InRange(refused, 0, 0.002);
    }

    /// <summary>Few calls at once on a bucket of seconds: not one of a hundred such first minutes has a refusal too many.</summary>
    [Theory]
    [InlineData(10, 0.1)]
    [InlineData(10, 1)]
    [InlineData(30, 0.1)]
    public void FirstMinutes_OfSmallBuckets_HardlyHaveARefusal(double burstSeconds, double slowness)
    {
        var worlds = Enumerable.Range(1, 40).Select(seed => new ChargingWorld(
            LimitAlgorithm.Bucket, Charges.All.Single(rule => rule.Name == "prompt and max"), 120_000, agents: 20, seed: seed, mostOutput: 130, burstSeconds: burstSeconds)
        { Slowness = slowness }).ToList();
        worlds.ForEach(world => world.RunFor(60));
        output.WriteLine($"{worlds.Sum(world => world.Refusals)} of {worlds.Sum(world => world.Arrivals)} refused");

        Assert.All(worlds, world => Assert.InRange((double)world.Refusals / world.Arrivals, 0, 0.005));
        Assert.InRange(worlds.Sum(world => (double)world.Refusals) / worlds.Sum(world => world.Arrivals), 0, 0.0005);
    }

    /// <summary>However late the rule was known, what was used before counts by it. What is under way is counted as held.</summary>
    [Theory]
    [InlineData("prompt and max")]
    [InlineData("prompt, then output")]
    [InlineData("uncached prompt and max")]
    public void WhatWasUsed_CountsByTheRule_FromTheStartOn(string charges)
    {
        var world = new ChargingWorld(LimitAlgorithm.Bucket, Charges.All.Single(rule => rule.Name == charges), 600_000, agents: 200);

        world.RunFor(240);

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"told {world.Total:0}, counted {world.Provider.Accepted:0}; {world.Charging}"));
        Assert.InRange(world.Total / world.Provider.Accepted, 0.99, 1.01);
    }

    /// <summary>What remains is believed all the same: only where nobody reports it, calls are let out by the rule alone.</summary>
    [Theory]
    [InlineData(true, 0.95, 1.001)]
    [InlineData(false, 0.1, 0.8)]
    public void ARule_ThatAPersonPinned_HoldsWhateverAnswersTell_UntilItIsForgotten(bool reports, double leastUse, double mostUse)
    {
        var world = new ChargingWorld(LimitAlgorithm.Bucket, Charges.All.Single(rule => rule.Name == "prompt"), 600_000, agents: 200) { Reports = reports };
        var budget = world.Report().Budgets.First(budget => budget.Name.StartsWith("deployment:", StringComparison.Ordinal)).Name;

        Assert.False(world.Change((controls, now) => controls.PinCharging(budget, Dimension.Tokens, ChargeRule.MaxOutput, now)));
        Assert.False(world.Change((controls, now) => controls.PinCharging(budget, Dimension.InputTokens, ChargeRule.Prompt, now)));
        Assert.True(world.Change((controls, now) => controls.PinCharging(budget, Dimension.Tokens, ChargeRule.PromptAndMaxOutput, now)));
        world.RunFor(120);
        Assert.Equal((ChargeRule.PromptAndMaxOutput, true), (world.Charging!.Rule, world.Charging.IsPinned));
        Assert.InRange(world.UseOfAll, leastUse, mostUse);

        Assert.True(world.Change((controls, now) => controls.Forget(budget, now)));
        world.RunFor(240);
        Assert.Equal(reports ? (ChargeRule.Prompt, false) : (null, null), (world.Charging?.Rule, world.Charging?.IsPinned));
    }

    [Fact]
    public void ASilentProvider_TeachesByItsRefusals()
    {
        var world = new ChargingWorld(LimitAlgorithm.Bucket, Charges.All.Single(rule => rule.Name == "prompt and max"), 600_000, agents: 200) { Reports = false };

        var (_, refusedLater, use) = Run(world);

        Assert.InRange(refusedLater, 0, 0.01);
        Assert.InRange(use, 0.9, 1.001);
    }

    /// <summary>A bucket that is drawn on for long is as good as empty all the time: a refusal that sizes were a little wrong for says nothing of the rule.</summary>
    [Theory]
    [InlineData(0.2)]
    [InlineData(60)]
    public void ASilentProviderThatChargesAsDocumented_IsUsedUp_HoweverLongItGoesOn(double arriveWithin)
    {
        var world = new ChargingWorld(LimitAlgorithm.Bucket, Charges.All.Single(rule => rule.Name == "larger of prompt and max"), 120_000, agents: 100, arriveWithin: arriveWithin) { Reports = false };
        world.RunFor(1800);
        var accepted = world.Accepted;

        world.RunFor(1800);

        Assert.InRange((world.Accepted - accepted) / (30 * 120_000), 0.98, 1.01);
        Assert.InRange(world.Refusals / (double)world.Arrivals, 0, 0.005);
    }

    private void Check(ChargingWorld world)
    {
        var (refusedFirst, refusedLater, use) = Run(world);

        Assert.InRange(refusedFirst, 0, 0.005);
        Assert.InRange(refusedLater, 0, 0.0001);
        Assert.InRange(use, 0.95, 1.001);
    }

    private (double RefusedFirst, double RefusedLater, double Use) Run(ChargingWorld world)
    {
        world.RunFor(60);
        var (first, refused) = (world.Arrivals, world.Refusals);
        world.RunFor(1140);
        var (later, again) = (world.Arrivals - first, world.Refusals - refused);
        var use = world.Provider.Accepted / world.Provider.Possible(world.Now);
        var charging = world.Charging;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"first minute {refused} of {first} refused ({100.0 * refused / first:0.00} %), later {again} of {later} ({100.0 * again / later:0.000} %), use {use:0.000}; {charging}"));
        return ((double)refused / first, (double)again / later, use);
    }
}
