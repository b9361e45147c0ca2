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
        Accounts =
        [
            .. configuration.Accounts.Select(account => new AccountRoute(
                account,
                new Route(
                    new RouteConfiguration(account.AnyModel, [account.AnyModel], []),
                    [new Deployment(account, new ModelConfiguration(ModelConfiguration.Any, [], null), providers(account.Provider))]),
                _policies.Shares(configuration, account))),
        ];
        _routes = Routes.ToFrozenDictionary(route => route.Name, StringComparer.Ordinal);
    }

    /// <summary>All routes, in the configuration's order.</summary>
    public IReadOnlyList<Route> Routes { get; }

    /// <summary>All accounts, in the configuration's order, as calls reach them that name no model.</summary>
    public IReadOnlyList<AccountRoute> Accounts { get; }

    /// <summary>Whether a tenant may use an account.</summary>
    public bool MayUse(string tenant, string account) => _policies.Admits(tenant, account);

    /// <summary>The deployments of a route, as bits, that a tenant may not use.</summary>
    public ulong ClosedTo(string tenant, Route route) => _policies.Closed(tenant, route.Name);

    /// <summary>Finds a route by the name asked for.</summary>
    public bool TryGet(string model, [NotNullWhen(true)] out Route? route) => _routes.TryGetValue(model, out route);
}
