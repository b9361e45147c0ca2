using System.Text.Json;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Simulation.Providers;
using FuncLimiter.Simulation.Providers.Faults;
using FuncLimiter.WhatIf.Virtual;

namespace FuncLimiter.Server.Tests.Virtual;

public class VirtualRunTests
{
    private const string Rpm60 = """{ "rpm": 60 }""";
    private const string TwoTenants = """, "tenants": [{ "id": "a", "weight": 3, "keys": ["sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"] }, { "id": "b", "keys": ["sha256:3bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"] }], "queue": { "maxWaitSeconds": { "standard": 36000 } }""";

    [Fact]
    public void Play_WithRoomForAll_AnswersAllAtOnce()
    {
        var report = Scenario.Play(Scenario.OneModel("""{ "rpm": 600, "tpm": 600000 }"""), Scenario.Hours(2, Scenario.Work("a", 1_000)));

        Assert.Equal(report.Calls, report.Ok + report.Open);
        Assert.Equal(2_000, report.Calls, 150.0);
        Assert.Equal(0, report.Provider429);
        Assert.Equal(0, report.Tenants[0].WaitP99);
    }

    [Fact]
    public void Play_OfOneSeed_IsTheSameToTheLastDigit()
    {
        var (configuration, fleet) = (Scenario.OneModel(Rpm60), Scenario.Hours(1, Scenario.Work("a", 5_000), Scenario.Work("b", 3_000, Priority.Interactive)));

        Assert.Equal(JsonSerializer.Serialize(Scenario.Play(configuration, fleet, 5)), JsonSerializer.Serialize(Scenario.Play(configuration, fleet, 5)));
        Assert.NotEqual(JsonSerializer.Serialize(Scenario.Play(configuration, fleet, 5)), JsonSerializer.Serialize(Scenario.Play(configuration, fleet, 6)));
    }

    [Fact]
    public void Play_AtTenTimesTheLimit_UsesItAllWithoutA429()
    {
        var report = Scenario.Play(Scenario.OneModel(Rpm60), Scenario.Hours(3, Scenario.Work("a", 36_000)));

        Assert.InRange(report.Deployments[0].UsedShare, 0.99, 1.0);
        Assert.Equal("requests per minute", report.Deployments[0].Binding);
        Assert.Equal(0, report.Provider429);
        Assert.True(report.Refused > report.Ok);
    }

    [Fact]
    public void Play_WithBacklog_ServesTenantsByWeight()
    {
        var report = Scenario.Play(Scenario.OneModel(Rpm60, TwoTenants), Scenario.Hours(2, Scenario.Work("a", 6_000), Scenario.Work("b", 6_000)));

        Assert.Equal(3.0, (double)report.Tenants[0].Ok / report.Tenants[1].Ok, 0.3);
    }

    [Fact]
    public void Play_DuringAnOutage_GoesToTheFallbackAndFailsNobody()
    {
        var configuration = Scenario.Read("""
            { "accounts": [
                { "id": "o", "provider": "openai", "apiKey": "${KEY}", "models": [{ "model": "m", "limits": { "rpm": 600 } }] },
                { "id": "a", "provider": "anthropic", "apiKey": "${KEY}", "models": [{ "model": "c", "limits": { "rpm": 600 } }] }],
              "routes": [{ "model": "m", "targets": ["o/m"], "fallback": ["a/c"] }] }
            """);
        var outage = new FaultRule(FaultKind.Unavailable) { Deployment = "o/m", After = TimeSpan.FromMinutes(20), For = TimeSpan.FromMinutes(10) };

        var report = Scenario.Play(configuration, Scenario.Hours(1, Scenario.Work("t", 3_000)) with { Faults = [outage] });

        Assert.Equal(0, report.Failed);
        Assert.InRange(report.Deployments[1].Accepted, 400, 600);
    }

    [Fact]
    public void Play_WhenALimitIsCut_IsBackWithinItAfterFewRefusals()
    {
        var cut = new FaultRule(FaultKind.LimitChange) { After = TimeSpan.FromMinutes(30), Value = 30, Dimension = LimitDimension.Requests };

        var report = Scenario.Play(Scenario.OneModel(Rpm60), Scenario.Hours(1, Scenario.Work("t", 6_000)) with { Faults = [cut] });

        Assert.InRange(report.Provider429, 1, 60);
        Assert.InRange(report.Ok, 60 * 30, (60 * 30) + (30 * 30) + 120);
    }

    [Fact]
    public void Play_OfSharesForBatch_KeepsThemOffTheLimits()
    {
        var report = Scenario.Play(Scenario.OneModel(Rpm60), Scenario.Hours(1, Scenario.Work("t", 3_000) with { BatchShare = 0.5 }));

        Assert.Equal(1_500, report.Batched, 150.0);
        Assert.Equal(report.Calls - report.Batched, report.Deployments[0].Accepted, 60.0);
    }

    [Fact]
    public void Play_OfSimpleWorkUnderPressure_DivertsIt()
    {
        var configuration = Scenario.Read("""
            { "accounts": [{ "id": "o", "provider": "openai", "apiKey": "${KEY}", "models": [
                { "model": "m", "limits": { "rpm": 60 } }, { "model": "small", "limits": { "rpm": 600 } }] }],
              "routes": [{ "model": "m", "targets": ["o/m"], "smaller": ["o/small"] }] }
            """);

        var report = Scenario.Play(configuration, Scenario.Hours(1, Scenario.Work("t", 7_200) with { SimpleShare = 0.6 }));

        Assert.True(report.Tenants[0].Diverted > 3_000);
        Assert.Equal(report.Tenants[0].Diverted, report.Deployments[1].Accepted, 5.0);
    }

    [Fact]
    public void Play_OfAgents_LetsEachMakeOneCallAtATime()
    {
        var agents = Scenario.Work("t", 0) with { CallsByHour = [], Agents = 1_000, ThinkSeconds = 600 };

        var report = Scenario.Play(Scenario.OneModel("""{ "rpm": 600 }"""), Scenario.Hours(2, agents));

        Assert.Equal(1_000 * 2 * 6, report.Calls, 600.0);
    }

    [Fact]
    public void Play_WhenCancelled_Stops()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        var run = new VirtualRun(Scenario.OneModel("""{ "rpm": 60000 }"""), Scenario.Hours(24, Scenario.Work("t", 1_000_000)), 1);

        Assert.Throws<OperationCanceledException>(() => run.Play(null, cancelled.Token));
    }
}
