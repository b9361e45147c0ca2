using FuncLimiter.Core;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Calls.Admission;

/// <summary>From a configuration to what the core's limiter is made from.</summary>
internal static class LimiterSpecs
{
    private const string OpenAICompatible = "openai-compatible";

    /// <summary>The limiter's parts.</summary>
    /// <param name="configuration">A valid configuration.</param>
    /// <param name="isDurable">Whether a store of budgets is kept beside the limiter.</param>
    public static LimiterSpec From(GatewayConfiguration configuration, bool isDurable) => new()
    {
        Accounts = [.. configuration.Accounts.Select(account => new AccountSpec(account.Id, account.Limits))],
        Deployments =
        [
            .. configuration.Accounts.SelectMany(account => account.Models.Select(
                model => new DeploymentSpec($"{account.Id}/{model.Model}", account.Id, model.Limits) { SharedLimits = account.SharedBy(model) })),
            .. configuration.Accounts.Select(account => new DeploymentSpec(account.AnyModel, account.Id, []) { SharedLimits = account.SharedLimits }),
        ],
        SharedLimits = [.. configuration.SharedLimits.Select(shared => new SharedLimitSpec(shared.Id, shared.Limits))],
        Kin = [.. OfModels(configuration), .. OfAccounts(configuration)],
        Routes =
        [
            .. configuration.Routes.Select(route => new RouteSpec(route.Model, route.Targets, route.Fallback) { Smaller = route.Smaller }),
            .. configuration.Accounts.Select(account => new RouteSpec(account.AnyModel, [account.AnyModel], [])),
        ],
        Pressure = new PressurePolicy { BeginsAt = configuration.Alerts.ActAt, EndsBelow = configuration.Alerts.WarnAt },
        Tenants =
        [
            .. configuration.Tenants.Select(From),
        ],
        Queue = new QueuePolicy
        {
            MaxWait = [configuration.Queue.MaxWaitInteractive, configuration.Queue.MaxWaitStandard, configuration.Queue.MaxWaitBackground],
            Floor = [0, configuration.Queue.StandardFloor, configuration.Queue.BackgroundFloor],
            MaxWaiting = configuration.Queue.MaxWaiting,
        },
        IsDurable = isDurable,
    };

    /// <summary>A tenant's part.</summary>
    public static TenantSpec From(TenantConfiguration tenant) => new(tenant.Id, tenant.Weight, tenant.Limits, tenant.UserLimits)
    {
        RouteLimits = tenant.ModelLimits.ToDictionary(limits => limits.Model, limits => limits.Limits, StringComparer.Ordinal),
    };

    // Providers count by organization, project or region, so accounts may share a limit: on one model, or on all.
    private static IEnumerable<KinSpec> OfModels(GatewayConfiguration configuration) =>
        from account in configuration.Accounts
        from model in account.Models
        group $"deployment:{account.Id}/{model.Model}" by $"{Place(account)}/{model.Model}" into kin
        where kin.Count() > 1
        select new KinSpec(kin.Key, [.. kin]);

    private static IEnumerable<KinSpec> OfAccounts(GatewayConfiguration configuration) =>
        from account in configuration.Accounts
        group $"account:{account.Id}" by Place(account) into kin
        where kin.Count() > 1
        select new KinSpec(kin.Key, [.. kin]);

    // Self-hosted servers are told apart by their address; at other providers, accounts of different regions share nothing.
    private static string Place(AccountConfiguration account) => account.Provider == OpenAICompatible
        ? $"{account.Provider} {account.Endpoint.Authority}"
        : $"{account.Provider} {account.Region}";
}
