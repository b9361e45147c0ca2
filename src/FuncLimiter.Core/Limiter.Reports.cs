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

/// <summary>What budgets and queues look like at one instant.</summary>
internal static class Snapshot
{
    private const int MostUsers = 1000;

    /// <summary>Every budget that has a meter or is closed; of users, those who have something taken.</summary>
    public static IReadOnlyList<BudgetReport> Budgets(Topology topology, TenantTable tenants, Instant now)
    {
        var users = tenants.All.SelectMany(tenant => tenant.Users).Select(user => user.Budget).Where(user => user.Utilization(now) > 0);
        return
        [
            .. topology.Budgets
                .Concat(tenants.All.SelectMany(tenant => tenant.Budgets))
                .Concat(users.Take(MostUsers))
                .Where(budget => budget.Meters.Count > 0 || budget.Found is not null || budget.IsClosed(now))
                .Select(budget => budget.Report(now)),
        ];
    }

    /// <summary>Every queue in which a call waits.</summary>
    public static IReadOnlyList<QueueReport> Queues(Topology topology, Instant now) =>
    [
        .. from lane in topology.Lanes
           from priority in Enum.GetValues<Priority>()
           from flow in lane.Backlogged((int)priority)
           where flow.Count > flow.Booked
           select new QueueReport(lane.Route, flow.Tenant.Id, priority, flow.Count - flow.Booked, (now - (flow.Oldest?.SubmittedAt ?? now)).TotalSeconds),
    ];

    /// <summary>One of a call's budgets by name; null where it has none of that name, or that one no limits.</summary>
    public static BudgetReport? Named(Call call, string name, Instant now)
    {
        var budgets = call.Lane!.Places.SelectMany(place => place.Scopes.ToArray()).Cast<Budget?>().Append(call.Owner!.Budget).Append(call.OwnerRoute?.Budget).Append(call.OwnerUser?.Budget);
        return budgets.FirstOrDefault(budget => budget?.Name == name && budget.Meters.Count > 0)?.Report(now);
    }

    /// <summary>The tightest budget of those that hold a call's reservation; null where none has a meter.</summary>
    public static BudgetReport? Tightest(Call call, Instant now)
    {
        var scopes = call.Deployment!.Scopes;
        var tightest = scopes[0];
        ReadOnlySpan<Budget?> others = [.. scopes[1..], call.Owner!.Budget, call.OwnerRoute?.Budget, call.OwnerUser?.Budget];
        foreach (var budget in others)
        {
            if (budget is { Meters.Count: > 0 } && (tightest.Meters.Count == 0 || budget.Utilization(now) > tightest.Utilization(now)))
            {
                tightest = budget;
            }
        }

        return tightest.Meters.Count > 0 ? tightest.Report(now) : null;
    }
}
