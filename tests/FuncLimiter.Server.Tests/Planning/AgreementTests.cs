using FuncLimiter.Server.Tests.Virtual;
using FuncLimiter.WhatIf.Planning;
using FuncLimiter.WhatIf.Virtual;
using Xunit.Abstractions;

namespace FuncLimiter.Server.Tests.Planning;

/// <summary>The plan, which reckons with calls as a fluid, against the limiter itself in virtual time: twenty teams in overload.</summary>
public sealed class AgreementTests(AgreementTests.Day day, ITestOutputHelper output) : IClassFixture<AgreementTests.Day>
{
    private const double Within = 0.05;
    private const double FewestCalls = 200;
    private const double ShortestWait = 1800;

    [Fact]
    public void Plan_OfServedVolume_AgreesByTeamAndHourInOverload()
    {
        var compared = Pairs().Where(pair => pair.Plan.WaitP50 >= ShortestWait && pair.PlanNext.WaitP50 >= ShortestWait)
            .Select(pair => (pair.Name, Plan: pair.Plan.Served, Played: (double)pair.Played.Served)).ToList();

        Agree(compared, atLeast: 50);
    }

    [Fact]
    public void Plan_OfServedVolume_AgreesByTeamAndDay()
    {
        var compared = day.Plan.Teams.Zip(day.Played.Tenants).Select(pair => (pair.First.Tenant, (double)pair.First.Served, (double)pair.Second.Ok)).ToList();

        Agree(compared, atLeast: 20);
    }

    [Fact]
    public void Plan_OfUsedShare_AgreesByDeployment()
    {
        var compared = day.Plan.Deployments.Zip(day.Played.Deployments)
            .Select(pair => (pair.First.Deployment, pair.First.UsedShare, pair.Second.UsedShare)).ToList();

        Agree(compared, atLeast: 3);
    }

    [Fact]
    public void Plan_OfWaits_AgreesInHoursWithBacklog()
    {
        var compared = Pairs().Where(pair => pair.Plan.WaitP50 >= ShortestWait && pair.Plan.Calls >= FewestCalls)
            .Select(pair => (pair.Name, pair.Plan.WaitP50, pair.Played.WaitP50)).ToList();

        Agree(compared, atLeast: 50);
    }

    [Fact]
    public void Plan_OfCost_Agrees() => Assert.Equal((double)day.Played.CostUsd!, day.Plan.CostUsdPerDay!.Value, (double)day.Played.CostUsd * Within);

    [Fact]
    public void Plan_SaysThatItDoesNotFit_AndWhatIsMissing()
    {
        Assert.False(day.Plan.Fits);
        Assert.Contains(day.Plan.Missing, missing => missing is { Provider: "openai", Counts: "tokens per minute", Missing: > 10_000 });
        Assert.Equal(0, day.Played.Provider429);
    }

    private IEnumerable<(string Name, TeamHour Plan, TeamHour PlanNext, HourOutcome Played)> Pairs() => day.Plan.Teams.Zip(day.Played.Tenants).SelectMany(
        team => team.First.ByHour.Zip(team.Second.ByHour).Select((hour, index) =>
            ($"{team.First.Tenant} at {index}", hour.First, team.First.ByHour[Math.Min(index + 1, 23)], hour.Second)));

    private void Agree(IReadOnlyList<(string Name, double Plan, double Played)> compared, int atLeast)
    {
        foreach (var (name, plan, played) in compared)
        {
            output.WriteLine($"{name}: plan {plan:0.####}, played {played:0.####}, {(plan / played) - 1:P1}");
        }

        Assert.True(compared.Count >= atLeast, $"only {compared.Count} compared");
        Assert.Equal(compared.Sum(each => each.Played), compared.Sum(each => each.Plan), compared.Sum(each => each.Played) * Within);
        Assert.All(compared, each => Assert.InRange(Math.Abs(each.Plan - each.Played), 0, each.Played * Within));
    }

    /// <summary>Played and planned once for all tests.</summary>
    public sealed class Day
    {
        public Day()
        {
            var volumes = TwentyTeams.Volumes;
            Played = Scenario.Play(volumes.Configuration, volumes.ToFleet(), seed: 1);

            // How many calls came in which hour was chance; what became of them is what is compared.
            Plan = PlanReport.Of(volumes with
            {
                Work = [.. volumes.Work.Zip(Played.Tenants).Select(pair => pair.First with { CallsByHour = [.. pair.Second.ByHour.Select(hour => (double)hour.Calls)] })],
            });
        }

        internal PlanReport Plan { get; }

        internal SimulationReport Played { get; }
    }
}
