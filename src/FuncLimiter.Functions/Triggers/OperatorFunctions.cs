using FuncLimiter.Functions.Leasing;
using FuncLimiter.Gateway.Http.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Triggers;

/// <summary>What operators and balancers look at, and what no other path takes.</summary>
internal sealed class OperatorFunctions(HealthEndpoint health, StatusEndpoint status, UsageEndpoint usage, DurableClientSource clients)
    : HttpFunctions(clients)
{
    /// <summary>Every budget and queue as this instance knows them.</summary>
    [Function(nameof(Status))]
    public Task<IActionResult> Status(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "status")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, status.StatusAsync(request.HttpContext));

    /// <summary>The same for Prometheus.</summary>
    [Function(nameof(Metrics))]
    public Task<IActionResult> Metrics(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "metrics")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, status.MetricsAsync(request.HttpContext));

    /// <summary>What calls used and cost: the tenant's own.</summary>
    [Function(nameof(Usage))]
    public Task<IActionResult> Usage(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "usage")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, usage.HandleAsync(request.HttpContext));

    /// <summary>What everybody's calls used and cost, for who has a function key.</summary>
    [Function(nameof(OperatorUsage))]
    public Task<IActionResult> OperatorUsage(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "operator/usage")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, usage.HandleAsync(LetIn(request)));

    /// <summary>Every tenant's budgets and queues, for who has a function key.</summary>
    [Function(nameof(OperatorStatus))]
    public Task<IActionResult> OperatorStatus(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "operator/status")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, status.StatusAsync(LetIn(request)));

    /// <summary>The same for Prometheus.</summary>
    [Function(nameof(OperatorMetrics))]
    public Task<IActionResult> OperatorMetrics(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "operator/metrics")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, status.MetricsAsync(LetIn(request)));

    /// <summary>Whether the process answers.</summary>
    [Function(nameof(Live))]
    public Task<IActionResult> Live(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health/live")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, HealthEndpoint.LiveAsync(request.HttpContext));

    /// <summary>Whether the process takes calls.</summary>
    [Function(nameof(Ready))]
    public Task<IActionResult> Ready(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health/ready")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, health.ReadyAsync(request.HttpContext));

    /// <summary>Everything else: 404, or 405 for a known path, in the caller's dialect.</summary>
    [Function(nameof(Unknown))]
    public Task<IActionResult> Unknown(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", "put", "patch", "delete", Route = "{*path}")] HttpRequest request,
        [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, UnknownEndpoint.HandleAsync(request.HttpContext));

    // The Functions host has checked the function key before the worker sees the request.
    private static HttpContext LetIn(HttpRequest request)
    {
        request.HttpContext.Features.Set(new OperatorAccess());
        return request.HttpContext;
    }
}
