using System.Globalization;
using FuncLimiter.Core.Budgets;
using Xunit.Abstractions;

namespace FuncLimiter.Core.Tests.Charging;

/// <summary>The same of fleets whose agents come little by little, and of providers that report nothing.</summary>
public class SharedLimitFleetTests(ITestOutputHelper output)
{
    public static TheoryData<LimitAlgorithm, string, int, int> Fleets()
    {
        var fleets = new TheoryData<LimitAlgorithm, string, int, int>();
        foreach (var algorithm in new[] { LimitAlgorithm.Bucket, LimitAlgorithm.Sliding, LimitAlgorithm.Fixed })
        {
            foreach (var charges in new[] { "larger of prompt and max", "prompt", "prompt and max" })
            {
                foreach (var agents in new[] { 20, 100 })
                {
                    fleets.Add(algorithm, charges, agents, 120);
                    fleets.Add(algorithm, charges, agents, 300);
                }
            }
        }

        return fleets;
    }

    /// <summary>No burst at the start fills the limit at once: what is known comes little by little, and one key alone may serve for minutes.</summary>
    [Theory]
    [MemberData(nameof(Fleets))]
    public void KeysWhoseAgentsComeOneByOne_AreFoundIfTheyShareALimit_AndNotIfEachHasItsOwn(LimitAlgorithm algorithm, string charges, int agents, int seconds)
    {
        for (var seed = 1; seed <= 2; seed++)
        {
            var shared = World(isApart: false);
            shared.RunFor(600);
            var (arrivals, refusals) = (shared.Arrivals, shared.Refusals);
            shared.RunFor(300);

            var apart = World(isApart: true);
            var isFound = false;
            apart.RunFor(900, () => isFound |= apart.Found.Count > 0);

            Assert.Single(shared.Found);
            Assert.InRange(refusals / (double)arrivals, 0, 0.02);
            Assert.InRange((shared.Refusals - refusals) / (double)(shared.Arrivals - arrivals), 0, 0.001);
            Assert.False(isFound);
            ChargingWorld World(bool isApart) =>
                new(algorithm, Charges.All.Single(rule => rule.Name == charges), 120_000, agents, seed: seed, mostOutput: 300, keys: 2, isApart: isApart, arriveWithin: seconds);
        }
    }

    public static TheoryData<LimitAlgorithm, string, bool, double> SilentFleets()
    {
        var fleets = new TheoryData<LimitAlgorithm, string, bool, double>();
        foreach (var algorithm in new[] { LimitAlgorithm.Bucket, LimitAlgorithm.Sliding, LimitAlgorithm.Fixed })
        {
            foreach (var charges in new[] { "larger of prompt and max", "prompt and max" })
            {
                foreach (var arriveWithin in new[] { 0.2, 60, 300 })
                {
                    fleets.Add(algorithm, charges, false, arriveWithin);
                    fleets.Add(algorithm, charges, true, arriveWithin);
                }
            }
        }

        return fleets;
    }

    /// <summary>
    /// Charged as documented, all of it is used and below 0.2 % refused. Where another rule is to be found by refusals as well, that takes some of
    /// them, and the rule that explains them may be one that charges a little more.
    /// </summary>
    [Theory]
    [MemberData(nameof(SilentFleets))]
    public void KeysOfAProviderThatReportsNothing_AreFoundByItsRefusals(LimitAlgorithm algorithm, string charges, bool isApart, double arriveWithin)
    {
        var isDocumented = charges == "larger of prompt and max";
        var world = new ChargingWorld(
            algorithm, Charges.All.Single(rule => rule.Name == charges), 600_000, agents: 200, keys: 2, isApart: isApart, arriveWithin: arriveWithin)
        {
            Reports = false,
        };
        var isFound = false;

        // Of a window that is full only its next beginning tells.
        world.RunFor(400, () => isFound |= world.Found.Count > 0);
        var (arrivals, refusals, accepted) = (world.Arrivals, world.Refusals, world.Accepted);
        world.RunFor(1200, () => isFound |= world.Found.Count > 0);

        var use = (world.Accepted - accepted) / (20 * 600_000 * (isApart ? 2 : 1));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{refusals} of {arrivals} refused at first, later {world.Refusals - refusals} of {world.Arrivals - arrivals}, use {use:0.000}"));
        Assert.Equal(!isApart, isFound);
        Assert.InRange((world.Refusals - refusals) / (double)(world.Arrivals - arrivals), 0, isDocumented ? 0.002 : 0.01);
        Assert.InRange(use, isDocumented ? 0.94 : 0.85, 1.01);
    }
}
