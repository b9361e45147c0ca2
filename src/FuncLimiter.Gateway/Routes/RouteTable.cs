using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers;

namespace FuncLimiter.Gateway.Routes;

/// <summary>All routes by the name asked for. Built once from a configuration.</summary>
public sealed class RouteTable
{
    private readonly FrozenDictionary<string, Route> _routes;
    private readonly TenantPolicies _policies;

    /// <summary>Resolves a configuration's routes.</summary>
    /// <param name="configuration">A valid configuration.</param>
    /// <param name="providers">A provider's rules by its id; throws where there is none.</param>
    public RouteTable(GatewayConfiguration configuration, Func<string, Provider> providers)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(providers);
        var deployments = configuration.Accounts
            .SelectMany(account => account.Models.Select(model => new Deployment(account, model, providers(account.Provider))))
            .ToDictionary(deployment => deployment.Name, StringComparer.Ordinal);
        Routes = [.. configuration.Routes.Select(route => new Route(route, [.. route.Places.Select(name => deployments[name])]))];
        _policies = new TenantPolicies(configuration, Routes);
        _routes = Routes.ToFrozenDictionary(route => route.Name, StringComparer.Ordinal);
    }

    /// <summary>All routes, in the configuration's order.</summary>
    public IReadOnlyList<Route> Routes { get; }

    /// <summary>The deployments of a route, as bits, that a tenant may not use.</summary>
    public ulong ClosedTo(string tenant, Route route) => _policies.Closed(tenant, route.Name);

    /// <summary>Finds a route by the name asked for.</summary>
    public bool TryGet(string model, [NotNullWhen(true)] out Route? route) => _routes.TryGetValue(model, out route);
}
