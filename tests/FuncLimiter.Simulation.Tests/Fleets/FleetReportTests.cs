using FuncLimiter.Simulation.Fleets;

namespace FuncLimiter.Simulation.Tests.Fleets;

public class FleetReportTests
{
    [Fact]
    public void Fairness_ComparesServiceByWeightAmongTheBacklogged()
    {
        var report = Report(
            Group("a", 1, FleetPriority.Background, 100, 1),
            Group("b", 2, FleetPriority.Background, 200, 0.995),
            Group("c", 1, FleetPriority.Background, 5, 0.5),
            Group("a", 1, FleetPriority.Interactive, 900, 1));

        Assert.Equal(1, report.FairnessOf(FleetPriority.Background)!.Value, 12);
        Assert.True(report.FairnessOf(FleetPriority.Background, backlogged: 0) < 0.8);
        Assert.Null(report.FairnessOf(FleetPriority.Interactive));
        Assert.Equal(3000, report.TokensByTenant["a"]);
    }

    private static GroupReport Group(string tenant, double weight, FleetPriority priority, long tokens, double backlogged) =>
        new(tenant, weight, priority, 1, 1, 1000 + tokens, tokens, backlogged);

    private static FleetReport Report(params GroupReport[] groups) => new()
    {
        Elapsed = TimeSpan.FromSeconds(1),
        Calls = 1,
        Requests = 1,
        Ok = 1,
        Refused429 = 0,
        GaveUp = 0,
        Failures = new Dictionary<string, long>(),
        Abandoned = 0,
        Waits = new Dictionary<FleetPriority, WaitReport>(),
        Latencies = new Dictionary<FleetPriority, WaitReport>(),
        Groups = groups,
    };
}
