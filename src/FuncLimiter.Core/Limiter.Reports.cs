using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core;

/// <content>What is told of the state and of what is to come; nothing is changed.</content>
public sealed partial class Limiter
{
    /// <summary>The budget that a call was refused by, as it stands; null where it was not refused by one with limits.</summary>
    public BudgetReport? Refuser(Call call, Instant now) => call.Refusal is { } refusal ? Snapshot.Named(call, refusal.Budget, Clock(now)) : null;

    /// <summary>When such a call would be let out if it were handed in now; nothing is changed.</summary>
    /// <param name="call">The call.</param>
    /// <param name="now">Now.</param>
    /// <param name="ahead">How many like it go before it that are not handed in yet.</param>
    public Instant Foresee(Call call, Instant now, int ahead = 0)
    {
        now = Clock(now);
        var lane = Prepare(call, now);
        call.Price();
        call.State = CallState.Idle;
        if (CallRoom.NeverFits(call, now) is not null)
        {
            return Instant.Never;
        }

        lane.Pool.BeginPass();
        var place = lane.Pool.FindPlace(lane, call, now, out var first, out _);
        var alone = place >= 0 ? now : first.IsKnown ? first : now;
        return Instant.Max(alone, lane.Pool.Waiting == 0 && place >= 0 && ahead == 0
            ? now
            : WaitForecast.OfLast(call, queue.Floor, bookings, bookings.LineOf(call).Kept, 1, now, ahead).At);
    }

    /// <summary>The state of everything.</summary>
    public LimiterReport Report(Instant now)
    {
        now = Clock(now);
        return new(now, Snapshot.Budgets(topology, tenants, now), Snapshot.Queues(topology, now), waiting, admitted, refused, rateLimited);
    }

    /// <summary>The tightest of the budgets that hold a reservation, for the caller's rate-limit headers.</summary>
    public BudgetReport? Tightest(Reservation reservation, Instant now) =>
        reservation.Call is { Deployment: not null, Owner: not null } call ? Snapshot.Tightest(call, Clock(now)) : null;
}
