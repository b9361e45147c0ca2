using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Tests.Usage;

/// <summary>Records of usage that differ in one thing or another.</summary>
internal static class UsageEntry
{
    public static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 30, 0, TimeSpan.Zero);

    public static UsageRecord Of(
        string tenant = "acme", string? workflow = "w", string? run = null, string? user = null, DateTimeOffset? at = null, decimal? cost = 0.5m, int status = 200) => new(
        at ?? Now,
        new Caller(tenant, user, Priority.Standard, workflow, "s", run),
        "gpt-x",
        Operation.ChatCompletions,
        status == 429 ? null : "a/m",
        status,
        status == 200 ? new TokenUsage(10, 7, 3) : null,
        cost,
        TimeSpan.FromMilliseconds(5),
        TimeSpan.FromMilliseconds(50),
        status == 429 ? 0 : 1);
}
