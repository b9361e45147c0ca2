using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>Who there is and what limits them, and what an oracle must know of it.</summary>
/// <param name="Spec">What the limiter is made from.</param>
/// <param name="Start">When a history in it begins.</param>
internal sealed record World(LimiterSpec Spec, Instant Start)
{
    private readonly Dictionary<string, IReadOnlyList<(string Deployment, string Account)>> places = [];

    /// <summary>The deployments of a route, targets then fallbacks, each with its account.</summary>
    public IReadOnlyList<(string Deployment, string Account)> PlacesOf(string route)
    {
        if (!places.TryGetValue(route, out var found))
        {
            places.Add(route, found = Find(route));
        }

        return found;
    }

    private IReadOnlyList<(string Deployment, string Account)> Find(string route)
    {
        var spec = Spec.Routes.Single(candidate => candidate.Name == route);
        return [.. spec.Targets.Concat(spec.Fallback).Select(id => (id, Spec.Deployments.Single(deployment => deployment.Id == id).Account))];
    }

    /// <summary>
    /// The limits of everything that a call is charged to at a place, the innermost first: scope, limits, and whether the provider
    /// enforces them.
    /// </summary>
    public IEnumerable<(string Scope, IReadOnlyList<Limit> Limits, bool IsProviders)> ScopesOf(Ask ask, int place)
    {
        var (deployment, account) = PlacesOf(ask.Route)[place];
        var own = Spec.Deployments.Single(candidate => candidate.Id == deployment);
        yield return ($"deployment:{deployment}", own.Limits, true);
        yield return ($"account:{account}", Spec.Accounts.Single(candidate => candidate.Id == account).Limits, true);
        foreach (var shared in own.SharedLimits)
        {
            yield return ($"shared:{shared}", Spec.SharedLimits.Single(candidate => candidate.Id == shared).Limits, true);
        }

        foreach (var scope in ScopesOf(ask))
        {
            yield return (scope.Scope, scope.Limits, false);
        }
    }

    /// <summary>The limits of who asks, wherever it is served.</summary>
    public IEnumerable<(string Scope, IReadOnlyList<Limit> Limits)> ScopesOf(Ask ask)
    {
        var tenant = Spec.Tenants.SingleOrDefault(candidate => candidate.Id == ask.Tenant) ?? Spec.OtherTenants;
        yield return ($"tenant:{ask.Tenant}", tenant.Limits);
        if (tenant.RouteLimits.TryGetValue(ask.Route, out var limits))
        {
            yield return (TenantSpec.BudgetOf(ask.Tenant, ask.Route), limits);
        }

        if (ask.User is not null && tenant.UserLimits.Count > 0)
        {
            yield return ($"user:{ask.Tenant}/{ask.User}", tenant.UserLimits);
        }
    }
}
