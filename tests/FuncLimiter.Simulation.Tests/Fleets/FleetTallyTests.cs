using FuncLimiter.Simulation.Fleets;

namespace FuncLimiter.Simulation.Tests.Fleets;

public class FleetTallyTests
{
    private static readonly AgentOutcome Answered = new(AgentOutcomeKind.Answered, 50, 10, 20, null);

    [Fact]
    public void Backlog_IsTheShareOfTimeWithACallUnanswered()
    {
        var (tally, group, time) = Start();

        time.Advance(1);
        tally.Begin(group);
        tally.Begin(group);
        time.Advance(4);
        tally.End(group, Answered);
        time.Advance(1);
        tally.End(group, Answered);
        time.Advance(4);

        Assert.Equal(0.5, Assert.Single(tally.Report().Groups).BackloggedShare, 9);
    }

    [Fact]
    public void WarmUp_IsLeftOutOfWhatIsCompared()
    {
        var (tally, group, time) = Start(warmUp: TimeSpan.FromSeconds(4));

        time.Advance(1);
        tally.Begin(group);
        time.Advance(1);
        tally.End(group, Answered);
        time.Advance(4);
        tally.Begin(group);
        time.Advance(6);
        tally.End(group, Answered with { Tokens = 7 });

        // Idle from second 2 to 6, of which 4 to 6 count, of 4 to 12.
        var report = Assert.Single(tally.Report().Groups);
        Assert.Equal((57, 7), (report.Tokens, report.ComparedTokens));
        Assert.Equal(0.75, report.BackloggedShare, 9);
    }

    [Fact]
    public void WhatEndsAfterTheStop_WasUnderWayAtTheEnd()
    {
        var (tally, group, time) = Start();

        tally.Begin(group);
        time.Advance(10);
        tally.Stop();
        time.Advance(5);
        tally.End(group, Answered);
        tally.Begin(group);
        tally.Requested();
        tally.Refused();
        var report = tally.Report();

        Assert.Equal((1, 0, 1), (report.Calls, report.Ok, report.Abandoned));
        Assert.Equal(TimeSpan.FromSeconds(10), report.Elapsed);
        Assert.Equal((0, 0), (report.Requests, report.Refused429));
        Assert.Equal(1, Assert.Single(report.Groups).BackloggedShare, 9);
    }

    [Fact]
    public void Outcomes_AreCountedByKind()
    {
        var (tally, group, _) = Start();
        foreach (var outcome in (AgentOutcome[])[
            Answered, Answered with { Tokens = 7, WaitMs = 30 }, new(AgentOutcomeKind.GaveUp, 0, 0, 0, null),
            new(AgentOutcomeKind.Failed, 0, 0, 0, "503"), new(AgentOutcomeKind.Failed, 0, 0, 0, "503")])
        {
            tally.Begin(group);
            tally.End(group, outcome);
        }

        var report = tally.Report();

        Assert.Equal((5, 2, 1, 2), (report.Calls, report.Ok, report.GaveUp, report.Failed));
        Assert.Equal(2, report.Failures["503"]);
        Assert.Equal(57, report.TokensByTenant["a"]);
        Assert.Equal(new WaitReport(2, 10, 30, 30), report.Waits[FleetPriority.Standard]);
        Assert.Equal(0, report.Waits[FleetPriority.Background].Count);
    }

    [Fact]
    public void UntilAnswer_CountsFromTheFirstTryOverCallsThatWereGivenUp_AndWhatIsOpenWithItsAge()
    {
        var (tally, group, time) = Start();

        var work = tally.Start(group);
        tally.Begin(group);
        time.Advance(3);
        tally.End(group, new AgentOutcome(AgentOutcomeKind.GaveUp, 0, 0, 3_000, null), work);
        tally.Begin(group);
        time.Advance(1);
        tally.End(group, Answered, work);
        tally.Start(group);
        time.Advance(8);
        var report = tally.Report();

        var wait = report.UntilAnswer[FleetPriority.Standard];
        Assert.Equal(2, wait.Count);
        Assert.Equal(4_000, wait.P50, 80.0);
        Assert.Equal(8_000, wait.P99, 160.0);
    }

    [Theory]
    [InlineData(0.5, 50)]
    [InlineData(0.99, 99)]
    [InlineData(1, 100)]
    public void Rank_IsTheNearest(double share, double expected) =>
        Assert.Equal(expected, WaitSamples.Rank([.. Enumerable.Range(1, 100).Select(each => (double)each)], share));

    private static (FleetTally Tally, GroupTally Group, ManualTime Time) Start(TimeSpan warmUp = default)
    {
        var time = new ManualTime();
        var tenant = new FleetTenant("a", 1, "k", [new AgentGroup(FleetPriority.Standard, 1, "m")]);
        var options = new FleetOptions
        {
            BaseAddress = new Uri("http://127.0.0.1"),
            Tenants = [tenant],
            Duration = TimeSpan.FromSeconds(1),
            WarmUp = warmUp,
        };
        var tally = new FleetTally(options, time);
        return (tally, tally.GroupOf(tenant, FleetPriority.Standard), time);
    }
}
