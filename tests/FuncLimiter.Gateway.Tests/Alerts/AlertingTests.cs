using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Headers;

namespace FuncLimiter.Gateway.Tests.Alerts;

/// <summary>Alerts and what the limiter does about them, over a real limiter in virtual time.</summary>
public class AlertingTests
{
    [Theory]
    [InlineData(84, AlertLevel.Warn, 0.8)]
    [InlineData(97, AlertLevel.Act, 0.9)]
    public async Task Alert_IsRaisedWithinFiveSecondsOfTheCrossing_Once(int tokensATenth, AlertLevel level, double threshold)
    {
        using var house = new House();
        await house.PassAsync(180, _ => house.Call("acme", "ann", tokensATenth));

        // A minute's window at a steady rate crosses when so much of it has been filled.
        var crossing = 60.0 * threshold / (tokensATenth / 100.0);
        var raised = Assert.Single(house.Notices, notice => notice.Alert.Level == level);
        Assert.InRange((raised.At - house.Start).TotalSeconds, crossing - 0.5, crossing + 5);
        Assert.Equal(House.Budget, raised.Alert.Budget);
        Assert.DoesNotContain(house.Notices, notice => notice.Change != AlertChange.Raised);
    }

    [Fact]
    public async Task Alert_OfABucket_IsRaisedWhenItIsEmptied_AndNotByASteadyRateThatItBears()
    {
        using var house = new House(LimitAlgorithm.Bucket);
        await house.PassAsync(60, _ => house.Call("acme", "ann", 97));

        Assert.Empty(house.Notices);

        // 500 a second more than comes back: 10,000 are gone after 20 s, 9,000 after 18 s.
        await house.PassAsync(30, _ => house.Call("acme", "ann", 150));

        var raised = Assert.Single(house.Notices, notice => notice.Alert.Level == AlertLevel.Act);
        Assert.InRange((raised.At - house.Start).TotalSeconds, 60 + 17.5, 60 + 23);
    }

    [Fact]
    public async Task Alert_NamesTheWorkflowThatGrew()
    {
        using var house = new House();
        await house.PassAsync(300, _ =>
        {
            house.Call("birch", "bob", 20, workflow: "chat");
            house.Call("acme", "ann", 5, workflow: "nightly");
        });

        await house.PassAsync(70, _ =>
        {
            house.Call("birch", "bob", 20, workflow: "chat");
            house.Call("acme", null, 70, workflow: "nightly");
        });

        var raised = house.Notices.First(notice => notice.Alert.Level == AlertLevel.Warn);
        Assert.Contains("workflow nightly of acme takes 78 % of it", raised.Alert.Cause, StringComparison.Ordinal);
        Assert.Contains("times its last hour's mean", raised.Alert.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alert_InTheFirstSeconds_NamesTheWorkflow_WhereNobodyHasGrownYet()
    {
        using var house = new House();
        house.Call("acme", null, 50_000, workflow: "nightly");

        await house.PassAsync(5);

        Assert.StartsWith("workflow nightly of acme takes 100 % of it", house.Notices[0].Alert.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alert_WhereNobodyGrew_NamesWhoTakesTheMost()
    {
        using var house = new House();
        await house.PassAsync(90, _ =>
        {
            house.Call("acme", null, 60);
            house.Call("birch", "bob", 30);
        });

        Assert.StartsWith("tenant acme takes 67 % of it", house.Notices[0].Alert.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Act_HoldsBackgroundAsFarAsOthersNeedIt_AndLetsGoWhenPressureEnds()
    {
        using var house = new House();
        await house.PassAsync(90, _ =>
        {
            house.Call("acme", null, 60, priority: Priority.Background);
            house.Call("birch", null, 40, priority: Priority.Interactive);
        });

        Assert.Equal(["background leaves 4 % of it to others"], Assert.Single(house.Board.Standing).Steps);

        await house.PassAsync(120);

        Assert.Empty(house.Board.Standing);
        Assert.Contains(house.Notices, notice => notice.Change == AlertChange.Ended && notice.Alert.Steps.Count == 0);
    }

    [Fact]
    public async Task Runaway_AmongAHundredUsers_LosesItsExcess_WhileTheOthersWaitNoLonger()
    {
        using var house = new House();
        var (before, after) = (new List<double>(), new List<double>());
        var excess = 0;
        void Others(double at, List<double> waits)
        {
            // A hundred users, each a call of 70 tokens every ten seconds: 700 of the 1,000 tokens a second.
            var turn = (int)Math.Round(at * 10);
            house.Call("acme", $"user-{turn % 100}", 70, wait => waits.Add(wait?.TotalMilliseconds ?? double.PositiveInfinity));
        }

        await house.PassAsync(180, at => Others(at, before));
        await house.PassAsync(180, at =>
        {
            Others(at, after);
            for (var call = 0; call < 5; call++)
            {
                house.Call("acme", "runaway", 70, wait => excess += wait is null ? 0 : 1);
            }
        });

        Assert.Contains(house.Board.Standing, alert => alert.Steps.Any(step => step.StartsWith("runaway of acme is capped", StringComparison.Ordinal)));
        Assert.InRange(P99(after), 0, Math.Max(P99(before) * 1.2, 100));
        Assert.DoesNotContain(double.PositiveInfinity, after);

        // It asked for 3,500 tokens a second, 500 times what others use each; it got about twice their usual, and what was over at the beginning.
        Assert.InRange(excess * 70 / 180.0, 5, 100);
    }

    [Fact]
    public async Task Runaway_IsLetGo_OnceItAsksForItsUsualAgain()
    {
        using var house = new House();
        void Others(double at) => house.Call("acme", $"user-{(int)Math.Round(at * 10) % 100}", 90);
        await house.PassAsync(60, Others);
        await house.PassAsync(20, at =>
        {
            Others(at);
            house.Call("acme", null, 300, run: "loop-1");
        });
        Assert.Contains(house.Board.Standing, alert => alert.Steps.Any(step => step.StartsWith("run:loop-1 of acme is capped", StringComparison.Ordinal)));

        await house.PassAsync(300, Others);

        Assert.DoesNotContain(house.Board.Standing, alert => alert.Steps.Any(step => step.Contains("loop-1", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task User_WhoIsAlone_IsNotCapped_HoweverSuddenlyItAsks()
    {
        using var house = new House();
        var served = 0;
        await house.PassAsync(60, at =>
        {
            if (Math.Round(at * 10) % 100 == 0)
            {
                house.Call("acme", "alone", 70);
            }
        });

        await house.PassAsync(120, _ =>
        {
            for (var call = 0; call < 3; call++)
            {
                house.Call("acme", "alone", 70, wait => served += wait is null ? 0 : 1);
            }
        });

        Assert.DoesNotContain(house.Board.Standing, alert => alert.Steps.Any(step => step.Contains("is capped", StringComparison.Ordinal)));
        Assert.InRange(served * 70 / 120.0, 900, 1_600);
    }

    [Fact]
    public async Task UsersAlike_AtTheLimit_AreNotCapped()
    {
        using var house = new House();

        await house.PassAsync(180, at =>
        {
            for (var call = 0; call < 3; call++)
            {
                house.Call("acme", $"user-{((int)Math.Round(at * 10) * 3 + call) % 30}", 70);
            }
        });

        Assert.Contains(house.Board.Standing, alert => alert.Level == AlertLevel.Act);
        Assert.DoesNotContain(house.Board.Standing.SelectMany(alert => alert.Steps), step => step.Contains("capped", StringComparison.Ordinal));
    }

    private static double P99(List<double> waits) => waits.Order().ElementAt((int)(waits.Count * 0.99));
}
