using FuncLimiter.Functions.Leasing;
using FuncLimiter.Gateway.Dashboard;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Triggers;

/// <summary>The page for operators, as this instance sees things. The page asks for an admin key; its files hold no data.</summary>
internal sealed class DashboardFunctions(DashboardEndpoint dashboard, DurableClientSource clients) : HttpFunctions(clients)
{
    /// <summary>The page.</summary>
    [Function(nameof(Dashboard))]
    public Task<IActionResult> Dashboard(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "dashboard")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, DashboardEndpoint.FileAsync(request.HttpContext));

    /// <summary>Its files.</summary>
    [Function(nameof(DashboardFile))]
    public Task<IActionResult> DashboardFile(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "dashboard/{file}")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, DashboardEndpoint.FileAsync(request.HttpContext, Part(request, "file")));

    /// <summary>What it shows, as it changes.</summary>
    [Function(nameof(DashboardEvents))]
    public Task<IActionResult> DashboardEvents(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "dashboard/events")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, dashboard.EventsAsync(request.HttpContext));

    /// <summary>The last hour of budgets.</summary>
    [Function(nameof(DashboardTrends))]
    public Task<IActionResult> DashboardTrends(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "dashboard/trends")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, dashboard.TrendsAsync(request.HttpContext));
}
