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

    private void Check(ChargingWorld world)
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

        Assert.InRange(refused, 0, 0.005 * first);
        Assert.InRange(again, 0, 0.0001 * later);
        Assert.InRange(use, 0.95, 1.001);
    }
}
