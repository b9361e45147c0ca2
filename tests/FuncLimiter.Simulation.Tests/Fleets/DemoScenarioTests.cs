using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FuncLimiter.Simulation.Fleets;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Tests.Fleets;

public class DemoScenarioTests
{
    private static readonly DemoScenario Scenario = new() { Duration = TimeSpan.FromSeconds(2) };
    private static readonly Uri Address = new("http://127.0.0.1:5000/");

    [Fact]
    public void Fleet_AsksForTenTimesTheTokens()
    {
        var fleet = Scenario.ThroughLimiter(Address);
        var latency = TimeSpan.FromMilliseconds(120);

        Assert.InRange(fleet.Agents, 200, 300);
        Assert.Equal(10 * Scenario.TokensPerMinute / 60.0, OfferedMaxTokensPerSecond(fleet, latency), 1);
        Assert.True(OfferedCallsPerSecond(fleet, latency) > Scenario.RequestsPerMinute / 60.0);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(50)]
    [InlineData(500)]
    public void Fleet_OfAnotherSize_AsksForAsMuchAnAgent(int agents)
    {
        var scenario = Scenario with { Agents = agents };
        var fleet = scenario.ThroughLimiter(Address);
        var latency = TimeSpan.FromMilliseconds(120);

        Assert.Equal(agents, fleet.Agents);
        Assert.Equal(scenario.Demand * scenario.TokensPerMinute / 60.0, OfferedMaxTokensPerSecond(fleet, latency), 1);
        Assert.InRange(scenario.Demand / agents, 0.5 * Scenario.Demand / Scenario.Agents, 1.1 * Scenario.Demand / Scenario.Agents);
        Assert.Equal([FleetPriority.Interactive, FleetPriority.Standard, FleetPriority.Background], fleet.Tenants.SelectMany(tenant => tenant.Groups).Select(group => group.Priority).Distinct().Order());
        Assert.All(fleet.Tenants.SelectMany(tenant => tenant.Groups), group => Assert.True(group.Agents > 0));
    }

    [Fact]
    public void Interactive_NeedsFarLessThanTheProviderHas()
    {
        var fleet = Scenario.ThroughLimiter(Address);
        var interactive = fleet with
        {
            Tenants = [.. fleet.Tenants.Select(tenant => tenant with
            {
                Groups = [.. tenant.Groups.Where(group => group.Priority == FleetPriority.Interactive)],
            })],
        };

        Assert.Equal(0.15 * Scenario.TokensPerMinute / 60.0, OfferedMaxTokensPerSecond(interactive, TimeSpan.FromMilliseconds(120)), 1);
    }

    [Fact]
    public void Tenants_HaveTheSameMixByWeight()
    {
        var tenants = Scenario.ThroughLimiter(Address).Tenants;

        Assert.Equal(4, tenants.Count(tenant => tenant.Weight == 1));
        Assert.Equal(2, tenants.Count(tenant => tenant.Weight > 1));
        Assert.All(tenants, tenant => Assert.Equal(
            tenants[0].Groups.Select(group => group with { Agents = group.Agents * (int)tenant.Weight }), tenant.Groups));
    }

    [Fact]
    public void Configuration_NamesTheDoubleItsLimitsAndTheTenantsKeysButNoSecret()
    {
        var text = Scenario.Configuration(Address);
        var json = JsonNode.Parse(text)!;
        var fleet = Scenario.ThroughLimiter(Address);

        var account = json["accounts"]![0]!;
        Assert.Equal("http://127.0.0.1:5000", account["endpoint"]!.GetValue<string>());
        Assert.Equal("${FUNCLIMITER_DEMO_KEY}", account["apiKey"]!.GetValue<string>());
        Assert.Equal(120_000, account["models"]![0]!["limits"]!["tpm"]!.GetValue<int>());
        Assert.Equal(Scenario.Provider.Deployments[0].Key, Scenario.Secrets["FUNCLIMITER_DEMO_KEY"]);
        Assert.DoesNotContain(Scenario.Provider.Deployments[0].Key, text, StringComparison.Ordinal);
        Assert.Equal(
            fleet.Tenants.Select(tenant => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(tenant.ApiKey)))),
            json["tenants"]!.AsArray().Select(tenant => tenant!["keys"]![0]!.GetValue<string>()));
    }

    [Fact]
    public async Task Baseline_IsMostlyRefused()
    {
        await using var provider = await ProviderDouble.StartAsync(Scenario.Provider);

        var fleet = await Fleet.RunAsync(Scenario.WithoutLimiter(provider.BaseAddress));

        var report = provider.Report()[DemoScenario.Model];
        Assert.True(report.RejectedShare > 0.5, $"{report.RejectedShare:P1} of {report.Calls} were refused");
        Assert.True(fleet.Refused429 > fleet.Ok);
        Assert.Equal(0, fleet.Failed);
        Assert.Equal(LimitDimension.Tokens, report.Binding!.Dimension);
    }

    /// <summary>Calls per second that a fleet would make if each were answered after a latency.</summary>
    private static double OfferedCallsPerSecond(FleetOptions fleet, TimeSpan latency) =>
        fleet.Tenants.SelectMany(tenant => tenant.Groups).Sum(group => CallsPerSecond(group, latency));

    /// <summary>Tokens per second that those calls may ask for as output, the charge of a provider that counts max_tokens.</summary>
    private static double OfferedMaxTokensPerSecond(FleetOptions fleet, TimeSpan latency) => fleet.Tenants.SelectMany(tenant => tenant.Groups)
        .Sum(group => CallsPerSecond(group, latency) * (group.MaxTokens.Least + group.MaxTokens.Most) / 2.0);

    private static double CallsPerSecond(AgentGroup group, TimeSpan latency) => group.Agents / Math.Max(1e-3, (group.ThinkTime + latency).TotalSeconds);
}
