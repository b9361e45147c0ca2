using FuncLimiter.Functions.Leasing;
using FuncLimiter.Gateway.Http.Jobs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Triggers;

/// <summary>Jobs: calls that are made later.</summary>
internal sealed class JobFunctions(DurableClientSource clients) : HttpFunctions(clients)
{
    /// <summary>Takes a job.</summary>
    [Function(nameof(TakeJob))]
    public Task<IActionResult> TakeJob(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "jobs")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, JobEndpoints.PostAsync);

    /// <summary>Shows a job.</summary>
    [Function(nameof(ShowJob))]
    public Task<IActionResult> ShowJob(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "jobs/{id}")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, context => JobEndpoints.GetAsync(context, Part(request, "id")));

    /// <summary>Gives a job up.</summary>
    [Function(nameof(GiveJobUp))]
    public Task<IActionResult> GiveJobUp(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "jobs/{id}")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, context => JobEndpoints.DeleteAsync(context, Part(request, "id")));
}
