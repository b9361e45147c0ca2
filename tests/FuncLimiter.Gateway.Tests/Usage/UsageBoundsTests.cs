using FuncLimiter.Gateway.Operations.Usage;

namespace FuncLimiter.Gateway.Tests.Usage;

public class UsageBoundsTests
{
    [Fact]
    public void Keep_BeyondTheTenantsBound_SumsNewNamesUpAsOthers_AndLosesNoCall()
    {
        var sums = new UsageSums(new UsageBounds(mostOfTenant: 10, mostOfAll: 1_000));
        for (var run = 0; run < 500; run++)
        {
            sums.Add(UsageEntry.Of(run: $"run-{run}"));
        }

        sums.Add(UsageEntry.Of(run: "run-3"));
        sums.Add(UsageEntry.Of(tenant: "globex", run: "run-9999"));
        var cells = sums.Of(UsageGrain.Hour).ToArray();

        Assert.Equal(12, cells.Length);
        Assert.Equal(502, cells.Sum(cell => cell.Totals.Calls));
        Assert.Equal(490, cells.Single(cell => cell.Key.Run == UsageKey.Others).Totals.Calls);
        Assert.Equal(2, cells.Single(cell => cell.Key.Run == "run-3").Totals.Calls);
        Assert.Contains(cells, cell => cell.Key is { Tenant: "globex", Run: "run-9999" });
    }

    [Fact]
    public void Keep_InTheNextHour_BeginsAnew()
    {
        var bounds = new UsageBounds(mostOfTenant: 1);
        var sums = new UsageSums(bounds);
        sums.Add(UsageEntry.Of(run: "one"));
        sums.Add(UsageEntry.Of(run: "two"));
        sums.Add(UsageEntry.Of(run: "three", at: UsageEntry.Now.AddHours(1)));

        Assert.Equal(["(other)", "one", "three"], sums.Of(UsageGrain.Hour).Select(cell => cell.Key.Run).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Days_KnowNoRuns()
    {
        var sums = new UsageSums(new UsageBounds());
        sums.Add(UsageEntry.Of(run: "one"));
        sums.Add(UsageEntry.Of(run: "two"));

        Assert.Equal(2, Assert.Single(sums.Of(UsageGrain.Day)).Totals.Calls);
    }
}
