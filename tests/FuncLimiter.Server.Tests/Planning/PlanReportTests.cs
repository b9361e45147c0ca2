using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Server.Tests.Virtual;
using FuncLimiter.WhatIf.Planning;
using FuncLimiter.WhatIf.Virtual;

namespace FuncLimiter.Server.Tests.Planning;

public class PlanReportTests
{
    [Fact]
    public void Quotas_OfRequestsAtRandom_HoldNineteenMinutesInTwenty()
    {
        // 6,000 an hour are 100 a minute, give or take 10: 1.645 deviations above are 116.45.
        var quota = Assert.Single(Plan("""{ "rpm": 110 }""", Scenario.Work("a", 6_000)).Quotas);

        Assert.Equal((100, 117, 7), (quota.Mean, quota.Needed, quota.Missing));
    }

    [Fact]
    public void Quotas_OfMaxTokens_AreWhatTheProviderCharges()
    {
        // OpenAI charges the larger of the input, 600 on average, and max_tokens, always 5,000.
        var quota = Assert.Single(Plan("""{ "tpm": 1000000 }""", Scenario.Work("a", 600) with { MaxOutputTokens = 5_000 }).Quotas);

        Assert.Equal(50_000, quota.Mean, 10.0);
    }

    [Fact]
    public void Plan_WhenAllFits_SaysSoAndNobodyWaits()
    {
        var report = Plan("""{ "rpm": 200 }""", Scenario.Work("a", 6_000));

        Assert.True(report.Fits);
        Assert.Empty(report.Waits);
        Assert.Empty(report.Missing);
        Assert.Equal(report.CallsPerDay, report.ServedPerDay);
    }

    [Fact]
    public void Waits_AtTwiceTheLimitForAnHour_AreAnHourAtTheEnd()
    {
        // 7,200 calls at 60 a minute: the last of them waits an hour, and two hours after it began nobody does.
        var calls = new double[24];
        calls[10] = 7_200;
        var work = Scenario.Work("a", 0) with { CallsByHour = calls, MaxWait = TimeSpan.FromHours(5) };

        var span = Assert.Single(Plan("""{ "rpm": 60 }""", work).Waits);

        Assert.Equal((10, 11, 0L), (span.FromHour, span.UntilHour, span.Refused));
        Assert.Equal(3_600, span.LongestWait, 100.0);
        Assert.Equal(1_800, span.TypicalWait, 100.0);
    }

    [Fact]
    public void Refused_AtTwiceTheLimit_AreHalf()
    {
        var report = Plan("""{ "rpm": 60 }""", Scenario.Work("a", 7_200) with { MaxWait = TimeSpan.FromSeconds(30) });

        Assert.Equal(report.CallsPerDay / 2, report.RefusedPerDay, report.CallsPerDay * 0.01);
        Assert.InRange(Assert.Single(report.Waits).LongestWait, 20, 30);
    }

    [Fact]
    public void LimitsOfATenantOnAModel_BoundWhatItGetsOfIt_InThePlanAsInTheSimulation()
    {
        var work = Scenario.Work("a", 7_200) with { MaxWait = TimeSpan.FromSeconds(30) };
        var free = new Volumes(Scenario.OneModel("""{ "rpm": 600 }"""), [work, Scenario.Work("b", 7_200)]);
        var model = free.Configuration.Routes[0].Model;
        var bound = free with
        {
            Configuration = free.Configuration with
            {
                Tenants = [new TenantConfiguration("a", [], 1, [], []) { ModelLimits = [new(model, [new Limit(Dimension.Requests, 60, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket)])] }],
            },
        };

        var plan = PlanReport.Of(bound);
        var played = Scenario.Play(bound.Configuration, bound.ToFleet(), seed: 1);

        Assert.Equal(plan.Teams[0].Calls / 2, plan.Teams[0].Served, plan.Teams[0].Calls * 0.01);
        Assert.Equal(plan.Teams[0].Served, played.Tenants.Single(tenant => tenant.Tenant == "a").Ok, plan.Teams[0].Served * 0.02);
        Assert.Equal(plan.Teams[1].Calls, plan.Teams[1].Served);
        Assert.Equal(PlanReport.Of(free).CallsPerDay, PlanReport.Of(free).ServedPerDay);
    }

    [Fact]
    public void Interactive_GoesFirst_AndBackgroundKeepsItsFloor()
    {
        var report = Plan("""{ "rpm": 60 }""", Scenario.Work("a", 7_200, Priority.Interactive), Scenario.Work("b", 7_200, Priority.Background));

        Assert.Equal(0.95, (double)report.Teams[0].Served / report.ServedPerDay, 0.01);
        Assert.Equal(0.05, (double)report.Teams[1].Served / report.ServedPerDay, 0.01);
    }

    [Fact]
    public void Weights_FollowNeeds_AndPatientWorkNeedsItsAverage()
    {
        var peak = new double[24];
        peak[9] = 4_000;
        var hasty = Scenario.Work("hasty", 0) with { CallsByHour = peak };
        var patient = Scenario.Work("patient", 0) with { CallsByHour = peak, MaxWait = TimeSpan.FromHours(4) };

        var weights = Plan("""{ "rpm": 60 }""", hasty, patient).Weights;

        Assert.Equal((4.0, 1.0), (weights[0].Advised, weights[1].Advised));
    }

    [Fact]
    public void Relief_ByBatch_FreesItsShareAndHalfTheMoney()
    {
        var work = Scenario.Work("a", 3_000) with { BatchShare = 0.5 };

        var report = Plan("""{ "rpm": 60 }""", work);

        var relief = Assert.Single(report.Relief);
        Assert.Equal(("batch", 36_000L), (relief.By, relief.CallsPerDay));
        Assert.Equal(report.CostUsdPerDay!.Value * 0.25, relief.SavesUsdPerDay!.Value, report.CostUsdPerDay.Value * 0.01);
        Assert.InRange(Assert.Single(relief.Frees).Amount, 25, 30);
    }

    [Fact]
    public void Read_WithoutLimitsAnywhere_AsksForThem()
    {
        _ = VolumesReader.Read("""{ "teams": [] }"""u8.ToArray(), null, out var mistakes);

        Assert.Equal("$.configuration", Assert.Single(mistakes).Path);
    }

    [Fact]
    public void Read_OfAMistakeInTheConfigurationInside_NamesItsWholePath()
    {
        _ = VolumesReader.Read("""{ "configuration": { "accounts": [{ "id": "o" }] }, "teams": [] }"""u8.ToArray(), null, out var mistakes);

        Assert.Contains(mistakes, mistake => mistake.Path == "$.configuration.accounts[0].provider");
    }

    [Fact]
    public void Read_OfBrokenTeams_TellsEveryMistake()
    {
        const string json = """{ "teams": [{ "id": "a", "weight": 0, "work": [] }, { "id": "b", "work": [{ "route": "n", "agents": 5 }] }] }""";

        _ = VolumesReader.Read(Encoding.UTF8.GetBytes(json), Scenario.OneModel("""{ "rpm": 60 }"""), out var mistakes);

        string[] paths =
        [
            "$.teams[0].weight", "$.teams[0].work", "$.teams[1].work[0].agents", "$.teams[1].work[0].route", "$.teams[1].work[0]",
            "$.teams[1].work[0].inputTokens", "$.teams[1].work[0].outputTokens",
        ];
        Assert.Equal(paths.Order(), mistakes.Select(mistake => mistake.Path).Order());
    }

    private static PlanReport Plan(string limits, params IReadOnlyList<WorkGroup> work) =>
        PlanReport.Of(new Volumes(Scenario.OneModel(limits), work));
}
