using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>What of a report a tenant may see: the shared budgets and its own.</summary>
internal static class ReportScope
{
    /// <summary>What a tenant may see.</summary>
    public static LimiterReport For(LimiterReport report, string tenant) => report with
    {
        Budgets = [.. report.Budgets.Where(budget => IsShared(budget.Name) || IsOf(budget.Name, tenant))],
        Queues = [.. report.Queues.Where(queue => queue.Tenant == tenant)],
    };

    private static bool IsShared(string budget) =>
        !budget.StartsWith("tenant:", StringComparison.Ordinal) && !budget.StartsWith("user:", StringComparison.Ordinal);

    private static bool IsOf(string budget, string tenant) =>
        budget == $"tenant:{tenant}" || budget.StartsWith($"user:{tenant}/", StringComparison.Ordinal);
}
