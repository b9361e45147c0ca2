using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>How long a call at the end of its queue will wait, from what is ahead of it and how fast that goes out.</summary>
internal static class WaitForecast
{
    private const double LeastShare = 0.01;
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <summary>The wait of a call that is not in the queue yet.</summary>
    /// <param name="lane">Its lane.</param>
    /// <param name="call">The call, its owner and its costs set.</param>
    /// <param name="floor">The floor of its class.</param>
    /// <param name="promises">What refused callers were told to come back with; null for a call that is back as told.</param>
    /// <param name="now">Now.</param>
    public static TimeSpan Of(Lane lane, Call call, double floor, ReturnPromises? promises, Instant now)
    {
        var priority = (int)call.Priority;
        var ahead = lane.Waiting(priority);
        for (var i = 0; i < priority; i++)
        {
            ahead += lane.Waiting(i);
        }

        // Whoever has little waiting is served as often as its weight says, however much others have waiting, or were told to come back with.
        var owner = call.Owner!;
        var flow = lane.Find(owner, priority);
        var weights = Math.Max(lane.WaitingWeight(priority) + (flow is null ? owner.Weight : 0), promises?.WeightWith(owner) ?? 0);
        var part = owner.Weight / weights;

        // Promises are as far apart as the queue drains: those that fall due after this call must be out are behind it.
        var drain = Drain(lane, priority, floor, now);
        var most = drain * Math.Max(0, (call.Deadline - now).TotalSeconds);
        var share = ((flow?.Cost ?? 0) + (promises?.WorkOf(owner, most * part) ?? 0) + call.Cost) / part;
        var work = Math.Min(ahead + (promises?.Work(most) ?? 0), share) + call.Cost;
        var seconds = work > call.Cost
            ? (Math.Max(0, work - Free(lane, call, now)) / drain) + UntilOpen(lane, now)
            : UntilFit(lane, call, now);

        var limited = Math.Max(seconds, OwnWait(owner.Budget.FitsAt(call.Consumer, call.ConsumerCertain, now), (flow?.TenantCost ?? 0) + call.TenantCost, now));
        limited = Math.Max(limited, (owner.Budget.OpensAt(now) - now).TotalSeconds);
        if (call.OwnerUser is { } user)
        {
            limited = Math.Max(limited, OwnWait(user.FitsAt(call.Consumer, call.ConsumerCertain, now), (flow?.CostOf(user) ?? 0) + call.UserCost, now));
        }

        return TimeSpan.FromSeconds(Math.Min(limited, Longest.TotalSeconds));
    }

    /// <summary>How much service a second a class of a lane can count on, in seconds of capacity.</summary>
    public static double Drain(Lane lane, int priority, double floor, Instant now)
    {
        var (open, _) = OpenPlaces(lane, now);
        var higher = 0.0;
        for (var i = 0; i < priority; i++)
        {
            higher += lane.Pool.Rate(i, now);
        }

        return Math.Max(open * Math.Max(floor, LeastShare), open - higher);
    }

    // The budget's own queue drains at the budget's own rate; what it holds free shortens that.
    private static double OwnWait(Instant fits, double queued, Instant now) =>
        fits <= now || !fits.IsKnown ? 0 : Math.Max((fits - now).TotalSeconds, queued);

    private static double UntilOpen(Lane lane, Instant now) =>
        OpenPlaces(lane, now).OpensAt is { IsKnown: true } opensAt ? Math.Max(0, (opensAt - now).TotalSeconds) : 0;

    // With nobody ahead the budgets themselves know.
    private static double UntilFit(Lane lane, Call call, Instant now)
    {
        var first = Instant.Unknown;
        for (var i = 0; i < lane.Places.Length; i++)
        {
            first = (call.Excluded >> i & 1) == 0 ? Instant.Min(first, lane.Places[i].FitsAt(call.Provider[i], call.Certain(i), now)) : first;
        }

        return first.IsKnown ? Math.Max(0, (first - now).TotalSeconds) : UntilOpen(lane, now);
    }

    // What is free already need not be waited for.
    private static double Free(Lane lane, Call call, Instant now)
    {
        var free = 0.0;
        for (var i = 0; i < lane.Places.Length; i++)
        {
            free += (call.Excluded >> i & 1) == 0 ? lane.Places[i].Free(now) : 0;
        }

        return free;
    }

    // What is closed now will be open when its turn comes, so at least one counts.
    private static (double Open, Instant OpensAt) OpenPlaces(Lane lane, Instant now)
    {
        var (open, opensAt) = (0.0, Instant.Unknown);
        foreach (var place in lane.Places)
        {
            var closedUntil = place.ClosedUntil(now);
            open += closedUntil <= now ? place.Share : 0;
            opensAt = Instant.Min(opensAt, closedUntil);
        }

        return (open > 0 ? open : lane.Places[0].Share, Instant.Max(opensAt, now));
    }
}
