using FuncLimiter.Functions.Leasing;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Triggers;

/// <summary>What operators and balancers look at, and what no other path takes.</summary>
internal sealed class OperatorFunctions(HealthEndpoint health, StatusEndpoint status, UsageEndpoint usage, HttpSurface surface, DurableClientSource clients)
    : HttpFunctions(clients)
{
    private const string Prefix = "/operator";

    /// <summary>Every budget and queue as this instance knows them.</summary>
    [Function(nameof(Status))]
    public Task<IActionResult> Status(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "status")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, status.StatusAsync);

    /// <summary>The same for Prometheus.</summary>
    [Function(nameof(Metrics))]
    public Task<IActionResult> Metrics(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "metrics")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, status.MetricsAsync);

    /// <summary>The page for operators and what it shows.</summary>
    [Function(nameof(Dashboard))]
    public Task<IActionResult> Dashboard(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "dashboard/{*rest}")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, surface.HandleAsync);

    /// <summary>What calls used and cost.</summary>
    [Function(nameof(Usage))]
    public Task<IActionResult> Usage(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "usage")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, usage.HandleAsync);

    /// <summary>What every path takes and answers.</summary>
    [Function(nameof(OpenApi))]
    public Task<IActionResult> OpenApi(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "openapi/v1.json")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, OpenApiEndpoint.HandleAsync);

    /// <summary>
    /// Every other path again under <c>/operator</c>, for who has a function key, as an operator: <c>/operator/status</c>,
    /// <c>/operator/admin/...</c>. The Functions host lets no function have <c>/admin</c> itself.
    /// </summary>
    [Function(nameof(Operator))]
    public Task<IActionResult> Operator(
        [HttpTrigger(AuthorizationLevel.Function, "get", "post", "put", "patch", "delete", Route = "operator/{*rest}")] HttpRequest request,
        [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, context =>
        {
            // The host has checked the function key before the worker sees the request.
            context.Features.Set(new OperatorAccess());
            if (context.Request.Path.StartsWithSegments(Prefix, StringComparison.OrdinalIgnoreCase, out var path))
            {
                context.Request.Path = path;
            }

            return surface.HandleAsync(context);
        });

    /// <summary>Whether the process answers.</summary>
    [Function(nameof(Live))]
    public Task<IActionResult> Live(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health/live")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, HealthEndpoint.LiveAsync);

    /// <summary>Whether the process takes calls.</summary>
    [Function(nameof(Ready))]
    public Task<IActionResult> Ready(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health/ready")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, health.ReadyAsync);

    /// <summary>
    /// Everything else; where the gateway has no such path either: 404, or 405 for a known path, in the caller's dialect. The host tries
    /// routes in the order of their functions' names and takes the first that fits, so the one that fits everything has the last name.
    /// Source: FunctionMetadataManager and WebScriptHostHttpRoutesManager in github.com/Azure/azure-functions-host, read 2026-11-28.
    /// </summary>
    [Function(nameof(Wildcard))]
    public Task<IActionResult> Wildcard(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", "put", "patch", "delete", "head", "options", Route = "{*path}")] HttpRequest request,
        [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, surface.HandleAsync);
}
