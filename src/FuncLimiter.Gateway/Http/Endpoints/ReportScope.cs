using System.Net;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>Who may see what of a report: an operator all of it, a tenant the shared budgets and its own.</summary>
internal static class ReportScope
{
    /// <summary>Whether the host let an operator in, or a request comes from this machine itself, not passed on for someone else.</summary>
    public static bool IsOperator(HttpContext context, GatewayOptions options) =>
        context.Features.Get<OperatorAccess>() is not null
        || options.LocalIsOperator
        && context.Connection.RemoteIpAddress is { } address
        && IPAddress.IsLoopback(address)
        && !context.Request.Headers.ContainsKey("Forwarded")
        && !context.Request.Headers.ContainsKey("X-Forwarded-For");

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
