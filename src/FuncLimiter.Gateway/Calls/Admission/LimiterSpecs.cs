using FuncLimiter.Core;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Calls.Admission;

/// <summary>From a configuration to what the core's limiter is made from.</summary>
public static class LimiterSpecs
{
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
        Routes =
        [
            .. configuration.Routes.Select(route => new RouteSpec(route.Model, route.Targets, route.Fallback) { Smaller = route.Smaller }),
            .. configuration.Accounts.Select(account => new RouteSpec(account.AnyModel, [account.AnyModel], [])),
        ],
        Pressure = new PressurePolicy { BeginsAt = configuration.Alerts.ActAt, EndsBelow = configuration.Alerts.WarnAt },
        Tenants =
        [
            .. configuration.Tenants.Select(tenant => new TenantSpec(tenant.Id, tenant.Weight, tenant.Limits, tenant.UserLimits)),
        ],
        Queue = new QueuePolicy
        {
            MaxWait = [configuration.Queue.MaxWaitInteractive, configuration.Queue.MaxWaitStandard, configuration.Queue.MaxWaitBackground],
            Floor = [0, configuration.Queue.StandardFloor, configuration.Queue.BackgroundFloor],
            MaxWaiting = configuration.Queue.MaxWaiting,
        },
        IsDurable = isDurable,
    };
}
