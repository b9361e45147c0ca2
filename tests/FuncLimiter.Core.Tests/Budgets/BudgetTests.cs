using FuncLimiter.Core.Budgets;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Budgets;

public class BudgetTests
{
    private static readonly Limit Requests = new(Dimension.Requests, 60, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 10 };
    private static readonly Limit Tokens = new(Dimension.Tokens, 6000, Minute, LimitAlgorithm.Bucket);
    private static readonly Limit Places = new(Dimension.Concurrent, 2, TimeSpan.Zero, LimitAlgorithm.Concurrency);

    [Fact]
    public void FitsAt_WhenSeveralMetersLackRoom_IsTheLatestOfTheirInstants()
    {
        // 10 requests at once and one a second; 6,000 tokens at once and 100 a second.
        var budget = Budget(Requests, Tokens);
        budget.Take(new(10, 5900, 0, 0, 0), At(0));

        Assert.Equal(1, Since(budget.FitsAt(new(1, 100, 0, 0, 0), At(0))), 6);
        Assert.Equal(4, Since(budget.FitsAt(new(1, 500, 0, 0, 0), At(0))), 6);
        Assert.Equal(3, Since(budget.FitsAt(new(3, 100, 0, 0, 0), At(0))), 6);
        Assert.Equal(Instant.Never, budget.FitsAt(new(11, 100, 0, 0, 0), At(0)));
    }

    [Fact]
    public void FitsAt_WhenAllPlacesAreTaken_HangsOnASettlementEvenWhereTokensTakeTime()
    {
        var budget = Budget(Tokens, Places);
        budget.Take(new(1, 6000, 0, 0, 2), At(0));

        Assert.Equal(Instant.Unknown, budget.FitsAt(new(1, 100, 0, 0, 1), At(0)));
        budget.Settle(new(1, 6000, 0, 0, 2), new(1, 6000, 0, 0, 0), At(0), At(0));
        Assert.Equal(1, Since(budget.FitsAt(new(1, 100, 0, 0, 1), At(0))), 6);
    }

    [Fact]
    public void FitsAt_WhenNothingIsLimited_IsNow() => Assert.Equal(At(3), Budget().FitsAt(new(1, 1_000_000, 0, 0, 1), At(3)));

    [Fact]
    public void CoolDown_ClosesTheScopeToTheTickAndNeverGrowsShorter()
    {
        var budget = Budget(Tokens);
        budget.CoolDown(At(7), At(0));
        budget.CoolDown(At(5), At(1));

        Assert.Equal(At(7), budget.FitsAt(new(1, 1, 0, 0, 0), At(2)));
        Assert.Equal(At(7), budget.FitsAt(new(1, 1, 0, 0, 0), At(7) - Tick));
        Assert.Equal(At(7), budget.FitsAt(new(1, 1, 0, 0, 0), At(7)));
        Assert.Equal(1, budget.Utilization(At(6)));
        Assert.Equal(0, budget.Utilization(At(7)));

        budget.CoolDown(At(30), At(8));
        budget.EndCooldown();
        Assert.Equal(At(9), budget.FitsAt(new(1, 1, 0, 0, 0), At(9)));
    }

    [Fact]
    public void CoolDown_HoweverLong_EndsAfterAWeek()
    {
        var budget = Budget(Tokens);
        budget.CoolDown(At(0) + TimeSpan.FromDays(400), At(0));

        Assert.Equal(At(0) + TimeSpan.FromDays(7), budget.CooldownUntil);
    }

    [Fact]
    public void CoolDown_ForSeconds_LetsTheFirstCallsAfterItArriveASecondLate()
    {
        // 100 a second, 500 in a burst, full when the scope opens: of a second's refill 100 stay in hand, of the usual jitter 5.
        var budget = Budget(Caution.Unheard(), Tokens with { BurstSeconds = 5 });
        budget.Take(new(1, 1, 0, 0, 0), At(0));
        for (var call = 1; call < 40; call++)
        {
            budget.Take(new(1, 1, 0, 0, 0), At(call));
            budget.Observe(new(OutcomeKind.Success), budget.Taken, At(call), At(call));
        }

        Assert.Equal(At(50), budget.FitsAt(new(1, 495, 0, 0, 0), At(50)));

        budget.CoolDown(At(56), At(50));
        budget.Take(new(1, 1, 0, 0, 0), At(56));

        Assert.Equal(At(56), budget.FitsAt(new(1, 399, 0, 0, 0), At(56)));
        Assert.Equal(57, Since(budget.FitsAt(new(1, 494, 0, 0, 0), At(56))), 1);
    }

    [Fact]
    public void Observe_WhenACallIsRefusedWithAHint_LetsOutAtItsEndOnlyWhatTheRefusedCallGivesBack()
    {
        // 100 a second. The provider refuses 400 and says three seconds: somebody else had taken what we thought free.
        var budget = Budget(new Caution(), Tokens);
        var asked = new Charge(1, 400, 0, 0, 0);
        budget.Take(asked, At(0));
        var refused = new Observation(OutcomeKind.RateLimited) { RetryAfter = Seconds(3), Dimension = Dimension.Tokens };

        budget.Observe(refused, budget.Taken, At(0), At(0.1));
        budget.Settle(asked, Charge.None, At(0), At(0.1));

        Assert.Equal(At(3.1), budget.CooldownUntil);
        // Of the 400, a tenth of a second's refill would have come back by itself, and as much is the jitter, doubled by the surprise.
        Assert.Equal(At(3.1), budget.FitsAt(new(1, 380, 0, 0, 0), At(0.2)));
        Assert.Equal(4.1, Since(budget.FitsAt(new(1, 480, 0, 0, 0), At(0.2))), 6);
    }

    [Fact]
    public void Observe_WhenARefusalWasForeseen_IsNotSurprised()
    {
        var caution = new Caution();
        var budget = Budget(caution, Tokens);
        budget.CoolDown(At(5), At(0));

        budget.Observe(new(OutcomeKind.RateLimited) { RetryAfter = Seconds(5) }, budget.Taken, At(0), At(1));
        Assert.Equal(0.05, caution.Jitter.TotalSeconds, 6);

        budget.Observe(new(OutcomeKind.RateLimited) { RetryAfter = Seconds(5) }, budget.Taken, At(10), At(11));
        Assert.Equal(0.1, caution.Jitter.TotalSeconds, 6);
    }

    [Fact]
    public void Observe_WhenTheRefusalNamesADimension_LeavesTheOthersAlone()
    {
        var budget = Budget(Requests, Tokens);

        budget.Observe(new(OutcomeKind.RateLimited) { Dimension = Dimension.Requests }, budget.Taken, At(0), At(1));

        Assert.Equal(10, budget.Meters[0].Used(At(1)), 6);
        Assert.Equal(0, budget.Meters[1].Used(At(1)), 6);
    }

    [Fact]
    public void Cost_CountsInSecondsOfTheLimitThatBinds()
    {
        // A call of 2 requests and 300 tokens: two seconds of the one, three of the other.
        var budget = Budget(Requests, Tokens);
        var charge = new Charge(2, 300, 0, 0, 0);
        Assert.Equal(3, budget.Cost(charge), 6);

        budget.Take(new(10, 0, 0, 0, 0), At(0));
        budget.FitsAt(charge, At(0));
        Assert.Equal(2, budget.Cost(charge), 6);
    }

    [Fact]
    public void Utilization_IsThatOfTheFullestMeter()
    {
        var budget = Budget(Requests, Tokens);
        budget.Take(new(2, 4500, 0, 0, 0), At(0));

        Assert.Equal(0.75, budget.Utilization(At(0)), 6);
        var report = budget.Report(At(0));
        Assert.Equal(8, report.Meters[0].Remaining, 6);
        Assert.Equal(1500, report.Meters[1].Remaining, 6);
        Assert.Equal(45, report.Meters[1].ResetSeconds, 3);
    }

    private static Budget Budget(params Limit[] limits) => Budget(Caution.None(), limits);

    private static Budget Budget(Caution caution, params Limit[] limits) => new("deployment:one/m", limits, caution);
}
