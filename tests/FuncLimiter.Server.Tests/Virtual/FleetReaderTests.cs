using System.Text;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Simulation.Providers;
using FuncLimiter.Simulation.Providers.Faults;
using FuncLimiter.WhatIf.Virtual;
using FuncLimiter.WhatIf.Virtual.Reading;

namespace FuncLimiter.Server.Tests.Virtual;

public class FleetReaderTests
{
    [Fact]
    public void Read_OfAWholeFleet_TakesEveryMember()
    {
        var fleet = Read("""
            { "hours": 12, "startHour": 8, "latency": { "baseSeconds": 1, "perOutputTokenMs": 20 },
              "deployments": [{ "deployment": "o/m", "baseSeconds": 2 }],
              "tenants": [{ "id": "a", "groups": [
                { "name": "x", "route": "m", "priority": "interactive", "callsPerDay": 2400, "profile": "flat", "inputTokens": 10, "outputTokens": 5, "maxWaitSeconds": 7, "simpleShare": 0.25 },
                { "route": "m", "agents": 50, "thinkSeconds": 30, "inputTokens": 10, "outputTokens": 5, "batchShare": 0.5, "returns": 0 }] }],
              "faults": [
                { "kind": "limit", "deployment": "o/m", "dimension": "requests", "perMinute": 5, "afterMinutes": 1, "forMinutes": 2 },
                { "kind": "outsider", "deployment": "o/m", "tokensPerMinute": 100 }] }
            """, out var mistakes)!;

        Assert.Empty(mistakes);
        Assert.Equal((TimeSpan.FromHours(12), TimeSpan.FromHours(8)), (fleet.Duration, fleet.StartsAt));
        Assert.Equal((new Latency(1, 20), new Latency(2, 10)), (fleet.Latency, fleet.LatencyOf["o/m"]));
        Assert.All(fleet.Groups[0].CallsByHour, calls => Assert.Equal(100, calls, 1e-9));
        Assert.Equal((50, 30.0, 0.5, 0), (fleet.Groups[1].Agents, fleet.Groups[1].ThinkSeconds, fleet.Groups[1].BatchShare, fleet.Groups[1].Returns));
        var limit = Assert.Single(fleet.Faults);
        Assert.Equal((FaultKind.LimitChange, LimitDimension.Requests, 5.0, TimeSpan.FromMinutes(2)), (limit.Kind, limit.Dimension, limit.Value, limit.For));
        Assert.Equal(TimeSpan.FromHours(12), Assert.Single(fleet.Outsiders).Until);
    }

    [Fact]
    public void Read_OfABrokenFleet_TellsEveryMistakeWithItsPathAndWhatToWrite()
    {
        _ = Read("""
            { "hours": 0, "tenant": [],
              "tenants": [
                { "id": "a", "groups": [{ "route": "n", "priority": "urgent", "callsPerHour": -1, "inputTokens": 0, "outputTokens": 5 }] },
                { "id": "a", "groups": [{ "route": "m", "callsByHour": [1, 2], "inputTokens": 1, "outputTokens": 5 }, { "route": "m", "agents": 5, "callsPerHour": 3, "inputTokens": 1, "outputTokens": 5 }] }],
              "faults": [{ "kind": "quake" }, { "kind": "limit", "deployment": "o/n" }, { "kind": "outsider" }] }
            """, out var mistakes);
        var told = mistakes;

        string[] paths =
        [
            "$.hours", "$.tenant", "$.tenants[0].groups[0].route", "$.tenants[0].groups[0].priority", "$.tenants[0].groups[0].callsPerHour",
            "$.tenants[0].groups[0].inputTokens", "$.tenants[1].id", "$.tenants[1].groups[0].callsByHour", "$.tenants[1].groups[1]",
            "$.tenants[1].groups[1].thinkSeconds", "$.faults[0].kind", "$.faults[1].deployment", "$.faults[1].perMinute", "$.faults[2].deployment",
        ];
        Assert.Equal(paths.Order(), told.Select(mistake => mistake.Path).Order());
        Assert.All(told, mistake => Assert.NotEmpty(mistake.Fix));
        Assert.Contains(told, mistake => mistake is { Path: "$.tenants[0].groups[0].route", Fix: "write \"m\"" });
    }

    [Fact]
    public void Read_OfATenantThatTheConfigurationLacks_NamesTheNearest()
    {
        var configuration = Scenario.OneModel("""{ "rpm": 60 }""", """, "tenants": [{ "id": "acme", "keys": ["sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"] }]""");

        _ = Read("""{ "tenants": [{ "id": "acmee", "groups": [{ "route": "m", "callsPerHour": 1, "inputTokens": 1, "outputTokens": 1 }] }] }""", out var mistakes, configuration);

        Assert.Equal("write \"acme\"", Assert.Single(mistakes).Fix);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{ "tenants": [{ "id": "\ud800" }] }""")]
    public void Read_OfSomethingElse_IsAMistake(string json)
    {
        _ = Read(json, out var mistakes);

        Assert.NotEmpty(mistakes);
    }

    private static VirtualFleet? Read(string json, out IReadOnlyList<ConfigurationMistake> mistakes, GatewayConfiguration? configuration = null) =>
        FleetReader.Read(Encoding.UTF8.GetBytes(json), configuration ?? Scenario.OneModel("""{ "rpm": 60 }"""), out mistakes);
}
