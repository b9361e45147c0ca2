using FuncLimiter.Functions.Leasing;
using FuncLimiter.Gateway.Admin;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Triggers;

/// <summary>Operators' changes, by an admin key. Pauses reach every instance with the leases; what one instance alone would hold is refused.</summary>
internal sealed class AdminFunctions(AdminEndpoint admin, DurableClientSource clients) : HttpFunctions(clients)
{
    /// <summary>Closes scopes, and opens them again.</summary>
    [Function(nameof(AdminPauses))]
    public Task<IActionResult> AdminPauses(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "admin/pauses")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, admin.ChangeAsync(request.HttpContext));

    /// <summary>Gives limits other amounts.</summary>
    [Function(nameof(AdminLimits))]
    public Task<IActionResult> AdminLimits(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "admin/limits")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, admin.ChangeAsync(request.HttpContext));

    /// <summary>Gives tenants other weights.</summary>
    [Function(nameof(AdminWeights))]
    public Task<IActionResult> AdminWeights(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "admin/weights")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, admin.ChangeAsync(request.HttpContext));

    /// <summary>Takes keys from tenants.</summary>
    [Function(nameof(AdminRevocations))]
    public Task<IActionResult> AdminRevocations(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "admin/revocations")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, admin.ChangeAsync(request.HttpContext));

    /// <summary>What was changed by whom.</summary>
    [Function(nameof(AdminAudit))]
    public Task<IActionResult> AdminAudit(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "admin/audit")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(client, admin.AuditAsync(request.HttpContext));
}
