using FuncLimiter.Functions.Leasing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Triggers;

/// <summary>Where Azure and Google have OpenAI's API under paths of their own.</summary>
internal sealed class ProviderFunctions(HttpSurface surface, DurableClientSource clients) : HttpFunctions(clients)
{
    /// <summary>OpenAI's API as Azure has it.</summary>
    [Function(nameof(AzureV1))]
    public Task<IActionResult> AzureV1(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", "put", "patch", "delete", "head", Route = "openai/v1/{*rest}")] HttpRequest request,
        [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, surface.HandleAsync);

    /// <summary>Responses under the path that takes an <c>api-version</c>.</summary>
    [Function(nameof(AzureVersionedResponses))]
    public Task<IActionResult> AzureVersionedResponses(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", "delete", "head", Route = "openai/responses/{*rest}")] HttpRequest request,
        [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, surface.HandleAsync);

    /// <summary>OpenAI's API as Gemini has it.</summary>
    [Function(nameof(GeminiCompatible))]
    public Task<IActionResult> GeminiCompatible(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", "delete", "head", Route = "v1beta/openai/{*rest}")] HttpRequest request,
        [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, surface.HandleAsync);
}
