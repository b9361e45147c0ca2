using Xunit.Abstractions;

namespace FuncLimiter.Functions.Tests.Leasing;

/// <summary>What leases hold to with any number of instances, and what that costs of entities.</summary>
public class LeaseFigures(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(50)]
    public void Instances_FromAColdStart_UseTheLimitOfTheFirstMinuteAndNeverMore(int instances)
    {
        var result = Tell(new FleetSetup { Instances = instances, Callers = 3_000 / instances });

        Assert.Equal(0, result.Overdrawn, 1e-6);
        Assert.InRange(result.Utilization, 0.95, 1);
        Assert.InRange(result.OperationsPerThousand, 0, 10);
    }

    [Theory]
    [InlineData(3, 1, 0.5)]
    [InlineData(3, 2, 0.5)]
    [InlineData(50, 3, 0.93)]
    public void Instances_ThatDieWhileEntitiesAreSecondsLate_NeverUseMore_AndWhatTheDeadDoNotHold(int instances, int seed, double least)
    {
        var result = Tell(new FleetSetup
        {
            Instances = instances,
            Callers = 1_500 / instances,
            EntityDelay = TimeSpan.FromSeconds(3),
            Redelivery = 0.2,
            DeathEvery = TimeSpan.FromSeconds(7),
            Seed = seed,
            WarmUp = TimeSpan.FromSeconds(10),
            Duration = TimeSpan.FromSeconds(instances > 10 ? 70 : 190),
        });

        Assert.Equal(0, result.Overdrawn, 1e-6);
        Assert.InRange(result.Utilization, Math.Max(least, 0.95 * result.Bound), 1);
        Assert.InRange(result.OperationsPerThousand, 0, 10);
    }

    [Fact]
    public void AnOperationPerCall_CannotServeTheSameFleet()
    {
        var setup = new FleetSetup { Instances = 50, Callers = 60, Duration = TimeSpan.FromSeconds(30) };

        var naive = NaiveFleet.Run(setup);
        output.WriteLine($"an operation per call: {naive}");

        Assert.InRange(naive.OperationsPerThousand, 1_000, 1_500);
        Assert.InRange(naive.Utilization, 0, 0.3);
    }

    private FleetResult Tell(FleetSetup setup)
    {
        var result = LeaseFleet.Run(setup);
        output.WriteLine($"{setup.Instances} instances: {result}");
        return result;
    }
}
