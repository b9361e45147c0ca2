using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.WhatIf.Virtual;

namespace FuncLimiter.Server.Tests.Virtual;

/// <summary>Small simulations.</summary>
internal static class Scenario
{
    /// <summary>One OpenAI account with one model, and the members given in the configuration's root.</summary>
    public static GatewayConfiguration OneModel(string limits, string more = "") => Read($$"""
        { "accounts": [{ "id": "o", "provider": "openai", "apiKey": "${KEY}", "models": [{ "model": "m", "limits": {{limits}}, "price": { "input": 1, "output": 4 } }] }]{{more}} }
        """);

    public static GatewayConfiguration Read(string json)
    {
        var result = ConfigurationReader.Read(json, _ => "a-fake-key-for-tests");
        return result.Configuration ?? throw new InvalidOperationException(string.Join(Environment.NewLine, result.Mistakes));
    }

    /// <summary>Calls of always the same size.</summary>
    public static WorkGroup Work(string tenant, double callsPerHour, Priority priority = Priority.Standard, string route = "m") => new(tenant, "work", route, priority)
    {
        CallsByHour = [.. Enumerable.Repeat(callsPerHour, 24)],
        InputTokens = 600,
        OutputTokens = 200,
        MaxOutputTokens = 400,
        Spread = 0.3,
    };

    public static SimulationReport Play(GatewayConfiguration configuration, VirtualFleet fleet, ulong seed = 1)
    {
        var run = new VirtualRun(configuration, fleet, seed);
        run.Play(null, CancellationToken.None);
        return SimulationReport.Of(run, configuration, fleet, seed);
    }

    public static VirtualFleet Hours(double hours, params IReadOnlyList<WorkGroup> groups) => new() { Groups = groups, Duration = TimeSpan.FromHours(hours) };
}
