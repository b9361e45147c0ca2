using FuncLimiter.Gateway.Routes;

namespace FuncLimiter.Gateway.State;

/// <summary>The accounts that could have made what a call of a route goes on from.</summary>
internal static class StateCandidates
{
    /// <summary>Their ids.</summary>
    public static IReadOnlyCollection<string> Of(RouteTable routes, string tenant, Route route) =>
        [.. route.Deployments.Select(deployment => deployment.Account).Distinct().Where(account => routes.MayUse(tenant, account))];

    /// <summary>How many there are.</summary>
    public static int Count(RouteTable routes, string tenant, Route route) => Of(routes, tenant, route).Count;
}
