using FuncLimiter.Functions.Leasing;
using FuncLimiter.Gateway.Http.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Triggers;

/// <summary>Admission for agents that call providers themselves.</summary>
internal sealed class ReservationFunctions(ReservationEndpoint reservations, PreflightEndpoint preflight, DurableClientSource clients) : HttpFunctions(clients)
{
    /// <summary>Admits, or waits.</summary>
    [Function(nameof(Reserve))]
    public Task<IActionResult> Reserve(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "reservations")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, reservations.ReserveAsync);

    /// <summary>Tells what a run will cost, and when it will be over.</summary>
    [Function(nameof(Preflight))]
    public Task<IActionResult> Preflight(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "preflight")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, preflight.HandleAsync);

    /// <summary>Replaces what was reserved by what was used.</summary>
    [Function(nameof(Settle))]
    public Task<IActionResult> Settle(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "reservations/{id}/settlement")] HttpRequest request,
        [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, context => reservations.SettleAsync(context, Part(request, "id")));
}
