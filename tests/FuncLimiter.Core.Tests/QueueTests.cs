using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests;

/// <summary>What stands in the queue is looked at again whenever something makes room for it, and is turned away only with reason.</summary>
public class QueueTests
{
    private static readonly Instant Start = Instant.From(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void Advance_WhenTheCallAheadWaitedTooLong_LetsTheNextOutAtOnce()
    {
        var limiter = new Limiter(World([Tokens(6000)]));
        var first = Ask("a", 3000);
        limiter.Submit(first, Start);
        limiter.Submit(Ask("a", 4000, Priority.Interactive, maxWait: 12), Start);
        var behind = Ask("b", 3400, Priority.Background);
        limiter.Submit(behind, Start);

        // The first comes to more than foreseen. At 12 s 3,600 are free: enough for the other tenant's, and the one ahead has gone at last.
        limiter.Settle(first.Reservation, new(new(1, 3600, 0, 0, 0), new(1, 3600, 0, 0, 0)), Start);
        limiter.Advance(Start + TimeSpan.FromSeconds(12));

        Assert.Equal(CallState.Admitted, behind.State);
    }

    [Fact]
    public void Submit_WhenTheNewcomerAheadIsRefused_LeavesItsPlaceToThoseBehind()
    {
        var limiter = new Limiter(World([Tokens(6000)]));
        limiter.Submit(Ask("a", 6000), Start);
        var behind = Ask("a", 1000, Priority.Background);
        limiter.Submit(behind, Start);
        var refused = Ask("a", 5000, Priority.Interactive, maxWait: 1);

        Assert.Equal(CallState.Refused, limiter.Submit(refused, Start));
        Assert.InRange((limiter.NextWake - Start).TotalSeconds, 10, 11.1);
    }

    [Fact]
    public void Settle_WhenATenantsOwnBudgetHeldItUp_LetsOutWhatItMakesRoomFor()
    {
        var limiter = new Limiter(World([], new("a", 1, [Tokens(1000, LimitAlgorithm.Sliding)], [])));
        var first = Ask("a", 900);
        limiter.Submit(first, Start);
        var second = Ask("a", 800);
        limiter.Submit(second, Start);

        limiter.Settle(first.Reservation, new(Charge.None, new(1, 100, 0, 0, 0)), Start);

        Assert.Equal(CallState.Admitted, second.State);
    }

    [Fact]
    public void Cancel_WhenALargerCallOfTheUsersHeldItUp_LetsTheNextOut()
    {
        var limiter = new Limiter(World([], new("a", 1, [], [Tokens(1000, LimitAlgorithm.Sliding)])));
        limiter.Submit(Ask("a", 300, user: "u"), Start);
        var large = Ask("a", 800, user: "u");
        var small = Ask("a", 100, user: "u");
        limiter.Submit(large, Start);
        limiter.Submit(small, Start);

        limiter.Cancel(large, Start);

        Assert.Equal(CallState.Admitted, small.State);
    }

    [Fact]
    public void Settle_WhenOnlyCallsUnderWayAreLimited_LetsTenantsTakeTurns()
    {
        var limiter = new Limiter(World([new(Dimension.Concurrent, 1, TimeSpan.Zero, LimitAlgorithm.Concurrency)]));
        var running = Ask("a", 10);
        limiter.Submit(running, Start);
        Call[] waiting = [Ask("a", 10), Ask("a", 10), Ask("b", 10), Ask("b", 10)];
        Assert.All(waiting, call => Assert.Equal(CallState.Waiting, limiter.Submit(call, Start)));

        var order = string.Empty;
        for (var call = running; limiter.Waiting > 0; order += call.Tenant)
        {
            limiter.Settle(call.Reservation, new(new(1, 10, 0, 0, 0), new(1, 10, 0, 0, 0)), Start);
            Assert.True(limiter.TryTakeReleased(out call));
        }

        Assert.Contains(order, new[] { "baba", "abab" });
    }

    [Fact]
    public void Restore_KeepsTheRestOfAScopeWithoutLimits()
    {
        var before = new Limiter(World([]) with { IsDurable = true });
        before.CoolDown("one/m", Start + Minute, Start);
        var kept = before.BeginCheckpoint(Start);

        var after = new Limiter(World([]) with { IsDurable = true });
        after.Restore(kept, Start);

        Assert.Equal(CallState.Waiting, after.Submit(Ask("a", 10), Start));
        Assert.Equal(Start + Minute, after.NextWake);
    }

    [Fact]
    public void ConfirmCheckpoint_WhenOneOfTwoLimitsHadAllowanceAndTheOtherNone_LetsTheCallOut()
    {
        var limiter = new Limiter(World([Tokens(6000), new(Dimension.OutputTokens, 3000, TimeSpan.FromSeconds(10), LimitAlgorithm.Sliding)]) with { IsDurable = true });
        var call = new Call { Route = "m", Tenant = "a", Priority = Priority.Background, Provider = [new(1, 300, 0, 300, 1)] };
        limiter.BeginCheckpoint(Start);
        limiter.ConfirmCheckpoint(Start);
        Assert.Equal(CallState.Waiting, limiter.Submit(call, Start));

        for (var i = 0; i < 3 && call.State == CallState.Waiting; i++)
        {
            limiter.BeginCheckpoint(Start);
            limiter.ConfirmCheckpoint(Start);
        }

        Assert.Equal(CallState.Admitted, call.State);
    }

    [Fact]
    public void Submit_WhenAllThatCouldServeIsClaimed_Waits()
    {
        var spec = World([]) with
        {
            Deployments = [new("one/s", "one", [Tokens(100)]), new("one/m", "one", [])],
            Routes = [new("m", ["one/s", "one/m"], [])],
        };
        var limiter = new Limiter(spec);
        limiter.CoolDown("one/m", Start + Minute, Start);
        Call[] calls = [Ask("a", 500, places: 2), Ask("b", 500, places: 2)];

        Assert.All(calls, call => Assert.Equal(CallState.Waiting, limiter.Submit(call, Start)));
    }

    [Fact]
    public void Submit_WhenTheQueueIsFull_NamesATimeToCome()
    {
        var limiter = new Limiter(World([new(Dimension.Concurrent, 1, TimeSpan.Zero, LimitAlgorithm.Concurrency)]) with { Queue = new() { MaxWaiting = 1 } });
        limiter.Submit(Ask("a", 10), Start);
        limiter.Submit(Ask("a", 10), Start);
        var refused = Ask("a", 10);

        Assert.Equal(CallState.Refused, limiter.Submit(refused, Start));
        Assert.Equal(RefusalReason.QueueFull, refused.Refusal!.Reason);
        Assert.True(refused.Refusal.RetryAt > Start);
    }

    [Fact]
    public void Submit_WhenACallerComesTooEarly_TellsItTheSameAgain()
    {
        var limiter = new Limiter(World([Tokens(6000)]) with { Queue = new() { MaxWaiting = 1 } });
        limiter.Submit(Ask("a", 6000), Start);
        limiter.Submit(Ask("a", 3000), Start);
        Call[] tries = [Ask("a", 3000, caller: 7), Ask("a", 3000, caller: 7), Ask("a", 3000, caller: 8)];
        foreach (var call in tries)
        {
            limiter.Submit(call, Start);
        }

        Assert.Equal(tries[0].Refusal!.RetryAt, tries[1].Refusal!.RetryAt);
        Assert.True(tries[2].Refusal!.RetryAt > tries[0].Refusal!.RetryAt);
    }

    [Fact]
    public void Submit_WhenACallThatMayNotWaitLacksOnlyACheckpoint_WaitsForThatAndGoesOut()
    {
        var limiter = new Limiter(World([Tokens(6000)]) with { IsDurable = true });
        var calls = Enumerable.Range(0, 8).Select(_ => Ask("a", 1000, maxWait: 0)).ToArray();
        foreach (var call in calls)
        {
            limiter.Submit(call, Start);
            limiter.Advance(Start);
        }

        Assert.All(calls.Take(5), call => Assert.Equal(CallState.Waiting, call.State));
        for (var i = 1; limiter.NeedsCheckpoint && i < 20; i++)
        {
            limiter.BeginCheckpoint(Start + TimeSpan.FromMilliseconds(10 * i));
            limiter.ConfirmCheckpoint(Start + TimeSpan.FromMilliseconds((10 * i) + 5));
        }

        // The bucket has room for six, less what it keeps for jitter.
        Assert.InRange(calls.Count(call => call.State == CallState.Admitted), 5, 6);
        Assert.Equal(8, calls.Count(call => call.State is CallState.Admitted or CallState.Refused));
    }

    [Fact]
    public void Submit_WhenACallMayNotWaitAndTheCheckpointDoesNotCome_IsRefusedWithinTwoSeconds()
    {
        var limiter = new Limiter(World([Tokens(6000)]) with { IsDurable = true });
        var call = Ask("a", 1000, maxWait: 0);
        limiter.Submit(call, Start);
        limiter.Advance(Start + TimeSpan.FromSeconds(1.9));
        Assert.Equal(CallState.Waiting, call.State);

        limiter.Advance(Start + TimeSpan.FromSeconds(2));

        Assert.Equal(CallState.Refused, call.State);
    }

    [Fact]
    public void Call_BeyondItsTenantsLimitOnTheRoute_WaitsForThatAlone_AndIsToldOfIt()
    {
        var limiter = new Limiter(TwoRoutes());
        for (var call = 0; call < 2; call++)
        {
            Assert.Equal(CallState.Admitted, limiter.Submit(Ask("a", 1000), Start));
        }

        var (next, impatient) = (Ask("a", 1000, maxWait: 60), Ask("a", 1000, maxWait: 1));
        Assert.Equal((CallState.Waiting, CallState.Refused), (limiter.Submit(next, Start), limiter.Submit(impatient, Start)));
        Assert.Equal(CallState.Admitted, limiter.Submit(Ask("a", 1000, route: "n"), Start));
        Assert.Equal(CallState.Admitted, limiter.Submit(Ask("b", 1000), Start));
        while (next.State == CallState.Waiting)
        {
            limiter.Advance(limiter.NextWake);
        }

        Assert.Equal(CallState.Admitted, next.State);
        Assert.Equal("tenant:a/m", impatient.Refusal!.Budget);
        Assert.Equal(Dimension.Requests, impatient.Refusal.Dimension);
        Assert.Contains(limiter.Report(Start).Budgets, budget => budget.Name == "tenant:a/m");
    }

    [Fact]
    public void Caller_RefusedByItsTenantsLimitOnTheRoute_IsAdmittedWhenItIsTold()
    {
        var limiter = new Limiter(TwoRoutes());
        var calls = Enumerable.Range(1, 6).Select(caller => Ask("a", 10, maxWait: 1, caller: caller)).ToList();
        calls.ForEach(call => limiter.Submit(call, Start));
        limiter.Advance(Start + TimeSpan.FromSeconds(1));

        var refused = calls.FindAll(call => call.State == CallState.Refused).OrderBy(call => call.Refusal!.RetryAt).ToList();

        Assert.Equal(4, refused.Count);
        foreach (var call in refused)
        {
            limiter.Advance(call.Refusal!.RetryAt);
            Assert.Equal(CallState.Admitted, limiter.Submit(call, call.Refusal.RetryAt));
        }
    }

    [Fact]
    public void TenantsUseOfARoute_IsKeptOverARestart()
    {
        var limiter = new Limiter(TwoRoutes());
        limiter.Submit(Ask("a", 1000), Start);
        limiter.Submit(Ask("a", 1000), Start);

        var next = new Limiter(TwoRoutes());
        next.Restore(limiter.BeginCheckpoint(Start), Start);

        Assert.Equal(CallState.Waiting, next.Submit(Ask("a", 1000), Start));
        Assert.Equal(CallState.Admitted, next.Submit(Ask("a", 1000, route: "n"), Start));
        Assert.True(next.Controls.Admit(new("a/m", 1, [], [])), "A tenant was made of a budget's name.");
    }

    [Fact]
    public void TenantsLimitOnARoute_ChangesWhileCallsWaitForIt()
    {
        var limiter = new Limiter(TwoRoutes());
        var calls = Enumerable.Range(0, 4).Select(_ => Ask("a", 1000, maxWait: 600)).ToList();
        calls.ForEach(call => limiter.Submit(call, Start));

        Assert.True(limiter.Controls.Configure("tenant:a/m", Dimension.Requests, Minute, 6000, Start));
        limiter.Advance(Start + TimeSpan.FromSeconds(1));

        Assert.All(calls, call => Assert.Equal(CallState.Admitted, call.State));
    }

    // On route m tenant a has two calls a minute, all at once.
    private static LimiterSpec TwoRoutes() => World([Tokens(600_000)], new("a", 1, [Tokens(600_000)], [])
    {
        RouteLimits = new Dictionary<string, IReadOnlyList<Limit>> { ["m"] = [new(Dimension.Requests, 2, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 60 }] },
    }) with
    { Routes = [new("m", ["one/m"], []), new("n", ["one/m"], [])] };

    private static Limit Tokens(long amount, LimitAlgorithm algorithm = LimitAlgorithm.Bucket) =>
        new(Dimension.Tokens, amount, Minute, algorithm);

    private static LimiterSpec World(IReadOnlyList<Limit> limits, TenantSpec? tenant = null) => new()
    {
        Accounts = [new("one", [])],
        Deployments = [new("one/m", "one", limits)],
        Routes = [new("m", ["one/m"], [])],
        Tenants = tenant is null ? [] : [tenant],
    };

    private static Call Ask(
        string tenant, long tokens, Priority priority = Priority.Background, double? maxWait = null, string? user = null, int places = 1, long caller = 0, string route = "m") => new()
        {
            Route = route,
            Tenant = tenant,
            User = user,
            Caller = caller,
            IsIdentified = caller != 0,
            Priority = priority,
            Consumer = new(1, tokens, 0, 0, 1),
            Provider = [.. Enumerable.Repeat(new Charge(1, tokens, 0, 0, 1), places)],
            MaxWait = maxWait is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
}
