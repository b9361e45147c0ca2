using System.Collections.Frozen;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Routes;

/// <summary>Which deployments of each route each tenant may not use. Built once from a configuration.</summary>
internal sealed class TenantPolicies
{
    private readonly FrozenDictionary<string, FrozenDictionary<string, ulong>> _closed;
    private readonly FrozenDictionary<string, FrozenSet<string>> _accounts;

    /// <summary>Works out the policies of the tenants that have one.</summary>
    public TenantPolicies(GatewayConfiguration configuration, IReadOnlyList<Route> routes)
    {
        _closed = configuration.Tenants
            .Where(tenant => tenant.Allow is not null)
            .ToFrozenDictionary(tenant => tenant.Id, tenant => Closed(configuration, routes, tenant.Allow!), StringComparer.Ordinal);
        _accounts = configuration.Tenants
            .Where(tenant => tenant.Allow is not null)
            .ToFrozenDictionary(
                tenant => tenant.Id,
                tenant => configuration.Accounts.Where(tenant.Allow!.Admits).Select(account => account.Id).ToFrozenSet(StringComparer.Ordinal),
                StringComparer.Ordinal);
    }

    /// <summary>Whether a tenant may use an account.</summary>
    public bool Admits(string tenant, string account) => !_accounts.TryGetValue(tenant, out var accounts) || accounts.Contains(account);

    /// <summary>Whether several of the configured tenants may use an account.</summary>
    public bool Shares(GatewayConfiguration configuration, AccountConfiguration account) =>
        configuration.Tenants.Count(tenant => Admits(tenant.Id, account.Id)) > 1;

    /// <summary>The deployments, as bits, that a tenant may not use of a route; 0 for none.</summary>
    public ulong Closed(string tenant, string route) =>
        _closed.Count > 0 && _closed.TryGetValue(tenant, out var routes) ? routes.GetValueOrDefault(route) : 0;

    private static FrozenDictionary<string, ulong> Closed(
        GatewayConfiguration configuration, IReadOnlyList<Route> routes, TenantAllowance allowance)
    {
        var admitted = configuration.Accounts.Where(allowance.Admits).Select(account => account.Id).ToFrozenSet(StringComparer.Ordinal);
        return routes.ToFrozenDictionary(
            route => route.Name,
            route => route.Deployments
                .Select((deployment, place) => admitted.Contains(deployment.Account) ? 0 : 1UL << place)
                .Aggregate(0UL, (closed, bit) => closed | bit),
            StringComparer.Ordinal);
    }
}
