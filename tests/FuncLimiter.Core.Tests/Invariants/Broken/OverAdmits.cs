using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Lets out four per cent more than every limit allows.</summary>
internal sealed class OverAdmits(LimiterSpec spec) : LimiterUnderTest(spec with
{
    Accounts = [.. spec.Accounts.Select(account => new AccountSpec(account.Id, More(account.Limits)))],
    Deployments = [.. spec.Deployments.Select(deployment => deployment with { Limits = More(deployment.Limits) })],
    SharedLimits = [.. spec.SharedLimits.Select(shared => shared with { Limits = More(shared.Limits) })],
    Tenants = [.. spec.Tenants.Select(tenant => tenant with
    {
        Limits = More(tenant.Limits),
        UserLimits = More(tenant.UserLimits),
        RouteLimits = tenant.RouteLimits.ToDictionary(route => route.Key, IReadOnlyList<Limit> (route) => More(route.Value)),
    })],
})
{
    private static Limit[] More(IReadOnlyList<Limit> limits) =>
        [.. limits.Select(limit => limit with { Amount = Math.Max(limit.Amount + 1, limit.Amount * 104 / 100) })];
}
