using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers;

namespace FuncLimiter.Gateway.Calls.Routes;

/// <summary>All routes by the name asked for. Built once from a configuration.</summary>
internal sealed class RouteTable
{
    private readonly FrozenDictionary<string, Route> _routes;
    private readonly TenantPolicies _policies;

    /// <summary>Resolves a configuration's routes.</summary>
    /// <param name="configuration">A valid configuration.</param>
    /// <param name="providers">A provider's rules by its id; throws where there is none.</param>
    public RouteTable(GatewayConfiguration configuration, Func<string, Provider> providers)
    {
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
        Deployments = [.. deployments.Values, .. Accounts.Select(account => account.Deployment)];
        _routes = Routes.ToFrozenDictionary(route => route.Name, StringComparer.Ordinal);
    }

    /// <summary>All routes, in the configuration's order.</summary>
    public IReadOnlyList<Route> Routes { get; }

    /// <summary>All accounts, in the configuration's order, as calls reach them that name no model.</summary>
    public IReadOnlyList<AccountRoute> Accounts { get; }

    /// <summary>Everything that is called: all models of all accounts, and each account without a model.</summary>
    internal IReadOnlyList<Deployment> Deployments { get; }

    /// <summary>Whether a tenant may use an account.</summary>
    public bool MayUse(string tenant, string account) => _policies.Admits(tenant, account);

    /// <summary>The deployments of a route, as bits, that a tenant may not use: all where it may not ask for the route.</summary>
    public ulong ClosedTo(string tenant, Route route) => _policies.MayAsk(tenant, route.Name) ? _policies.Closed(tenant, route.Name) : route.All;

    /// <summary>Finds a route by the name asked for, whoever asks.</summary>
    public bool TryGet(string model, [NotNullWhen(true)] out Route? route) => _routes.TryGetValue(model, out route);

    /// <summary>Whether a tenant may ask for some routes only.</summary>
    internal bool IsBound(string tenant) => _policies.Models(tenant) is not null;

    /// <summary>Finds the route that a tenant asks for, or says why it may not.</summary>
    internal bool TryFind(string tenant, string model, [NotNullWhen(true)] out Route? route, [NotNullWhen(false)] out GatewayError? error)
    {
        error = !_routes.TryGetValue(model, out route) ? RouteErrors.UnknownModel(model)
            : !_policies.MayAsk(tenant, model) ? RouteErrors.NotAmong(route, Routes.Select(known => known.Name).Where(_policies.Models(tenant)!.Contains))
            : null;
        return error is null;
    }

    /// <summary>Goes by other tenants' routes from now on; those of tenants that are gone stay with their jobs.</summary>
    internal void Follow(IEnumerable<TenantConfiguration> tenants) => _policies.Follow(tenants);

    /// <summary>Whether any limit of a tenant counts money.</summary>
    internal bool CountsMoney(string tenant) => _policies.CountsMoney(tenant);
}

/// <summary>Which routes each tenant may ask for, and which deployments of each it may not use. But for the routes built once from a configuration.</summary>
internal sealed class TenantPolicies
{
    private readonly FrozenDictionary<string, FrozenDictionary<string, ulong>> _closed;
    private readonly FrozenDictionary<string, FrozenSet<string>> _accounts;
    private volatile FrozenDictionary<string, FrozenSet<string>> _models = FrozenDictionary<string, FrozenSet<string>>.Empty;
    private volatile FrozenSet<string> _countMoney = FrozenSet<string>.Empty;

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
        Follow(configuration.Tenants);
    }

    /// <summary>The routes that a tenant may ask for; null for all.</summary>
    public FrozenSet<string>? Models(string tenant) => _models.Count > 0 ? _models.GetValueOrDefault(tenant) : null;

    /// <summary>Whether a tenant may ask for a route.</summary>
    public bool MayAsk(string tenant, string route) => Models(tenant)?.Contains(route) ?? true;

    /// <summary>Goes by other tenants' routes from now on; tenants that are not named keep theirs.</summary>
    public void Follow(IEnumerable<TenantConfiguration> tenants)
    {
        var models = _models.ToDictionary(StringComparer.Ordinal);
        var countMoney = _countMoney.ToHashSet(StringComparer.Ordinal);
        foreach (var tenant in tenants)
        {
            if (tenant.Limits.Concat(tenant.UserLimits).Concat(tenant.ModelLimits.SelectMany(static model => model.Limits)).Any(static limit => limit.Dimension == Dimension.Cost))
            {
                countMoney.Add(tenant.Id);
            }

            if (tenant.Models.Count == 0)
            {
                models.Remove(tenant.Id);
            }
            else
            {
                models[tenant.Id] = tenant.Models.ToFrozenSet(StringComparer.Ordinal);
            }
        }

        _models = models.ToFrozenDictionary(StringComparer.Ordinal);
        _countMoney = countMoney.ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>Whether any limit of a tenant counts money.</summary>
    public bool CountsMoney(string tenant) => _countMoney.Contains(tenant);

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
