using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core;

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
                .Concat(tenants.All.Select(tenant => tenant.Budget))
                .Concat(users.Take(MostUsers))
                .Where(budget => budget.Meters.Count > 0 || budget.CooldownUntil > now)
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
        var budgets = call.Lane!.Places.SelectMany(place => place.Scopes.ToArray()).Cast<Budget?>().Append(call.Owner!.Budget).Append(call.OwnerUser?.Budget);
        return budgets.FirstOrDefault(budget => budget?.Name == name && budget.Meters.Count > 0)?.Report(now);
    }

    /// <summary>The tightest budget of those that hold a call's reservation; null where none has a meter.</summary>
    public static BudgetReport? Tightest(Call call, Instant now)
    {
        var scopes = call.Deployment!.Scopes;
        var tightest = scopes[0];
        ReadOnlySpan<Budget?> others = [.. scopes[1..], call.Owner!.Budget, call.OwnerUser?.Budget];
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
