using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Stays a flat tenth below the limits of providers.</summary>
internal sealed class KeepsAMargin(LimiterSpec spec) : LimiterUnderTest(spec with
{
    Accounts = [.. spec.Accounts.Select(account => new AccountSpec(account.Id, Less(account.Limits)))],
    Deployments = [.. spec.Deployments.Select(deployment => deployment with { Limits = Less(deployment.Limits) })],
})
{
    private static Limit[] Less(IReadOnlyList<Limit> limits) =>
        [.. limits.Select(limit => limit with { Amount = Math.Max(1, limit.Amount * 9 / 10) })];
}
