using System.Collections.Frozen;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core;

/// <summary>Accounts, deployments, lanes and pools, made from a specification and never changed in shape afterwards.</summary>
internal sealed class Topology
{
    private readonly FrozenDictionary<string, Lane> lanes;
    private readonly Dictionary<string, BudgetedDeployment> deployments = new(StringComparer.Ordinal);

    public Topology(LimiterSpec spec, Func<Call, Instant, bool> admit)
    {
        var accounts = spec.Accounts.ToDictionary(
            account => account.Id, account => new Budget($"account:{account.Id}", account.Limits, Caution.Unheard()), StringComparer.Ordinal);
        var shared = spec.SharedLimits.ToDictionary(
            limits => limits.Id, limits => new Budget($"shared:{limits.Id}", limits.Limits, Caution.Unheard()), StringComparer.Ordinal);
        foreach (var deployment in spec.Deployments)
        {
            var own = new Budget($"deployment:{deployment.Id}", deployment.Limits, Caution.Unheard());
            deployments.Add(deployment.Id, new(deployment.Id, accounts[deployment.Account], own, [.. deployment.SharedLimits.Select(id => shared[id])]));
        }

        lanes = spec.Routes
            .Select(route => new Lane(
                route, [.. route.Targets.Concat(route.Fallback).Concat(route.Smaller).Select(id => deployments[id])], spec.Pressure))
            .ToFrozenDictionary(lane => lane.Route, StringComparer.Ordinal);

        Budgets = [.. shared.Values, .. accounts.Values, .. deployments.Values.Select(deployment => deployment.Scopes[0])];
        Join(spec.Queue.Floor, admit);
    }

    /// <summary>The providers' budgets: shared ones, then accounts, then deployments.</summary>
    public IReadOnlyList<Budget> Budgets { get; }

    public IReadOnlyCollection<BudgetedDeployment> Deployments => deployments.Values;

    public IReadOnlyList<Lane> Lanes => lanes.Values;

    public IReadOnlyList<Pool> Pools { get; private set; } = [];

    public Lane? Find(string route) => lanes.GetValueOrDefault(route);

    // Deployments that share a budget or a route compete for the same calls: one pool for each connected part.
    private void Join(IReadOnlyList<double> floors, Func<Call, Instant, bool> admit)
    {
        var parent = deployments.Values.ToDictionary(deployment => deployment);
        BudgetedDeployment Root(BudgetedDeployment deployment) =>
            parent[deployment] == deployment ? deployment : parent[deployment] = Root(parent[deployment]);

        var first = new Dictionary<Budget, BudgetedDeployment>();
        foreach (var deployment in deployments.Values)
        {
            foreach (var scope in deployment.Scopes)
            {
                if (!first.TryAdd(scope, deployment))
                {
                    parent[Root(deployment)] = Root(first[scope]);
                }
            }
        }

        foreach (var lane in lanes.Values)
        {
            foreach (var place in lane.Places)
            {
                parent[Root(place)] = Root(lane.Places[0]);
            }
        }

        var pools = new Dictionary<BudgetedDeployment, Pool>();
        foreach (var deployment in deployments.Values)
        {
            var root = Root(deployment);
            if (!pools.TryGetValue(root, out var pool))
            {
                pools.Add(root, pool = new(pools.Count, floors, admit));
            }

            deployment.Pool = pool;
        }

        foreach (var lane in lanes.Values)
        {
            lane.Pool = lane.Places[0].Pool;
            lane.Pool.Lanes.Add(lane);
        }

        foreach (var lane in lanes.Values)
        {
            lane.Rivals = [.. lane.Pool.Lanes.Where(other => other == lane || other.Places.Any(place => Array.Exists(lane.Places, place.IsRival)))];
        }

        Pools = [.. pools.Values];
    }
}
