using FuncLimiter.Functions.Leasing;
using FuncLimiter.Gateway.Http.Endpoints;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FuncLimiter.Functions.Triggers;

/// <summary>The drop-in paths.</summary>
internal sealed class CallFunctions(CallEndpoint calls, ModelsEndpoint models, DurableClientSource clients) : HttpFunctions(clients)
{
    /// <summary>Chat in OpenAI's dialect.</summary>
    [Function(nameof(ChatCompletions))]
    public Task<IActionResult> ChatCompletions(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v1/chat/completions")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, context => calls.HandleAsync(context, Operation.ChatCompletions));

    /// <summary>Responses in OpenAI's dialect.</summary>
    [Function(nameof(Responses))]
    public Task<IActionResult> Responses(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v1/responses")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, context => calls.HandleAsync(context, Operation.Responses));

    /// <summary>Embeddings in OpenAI's dialect.</summary>
    [Function(nameof(Embeddings))]
    public Task<IActionResult> Embeddings(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v1/embeddings")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, context => calls.HandleAsync(context, Operation.Embeddings));

    /// <summary>Messages in Anthropic's dialect.</summary>
    [Function(nameof(Messages))]
    public Task<IActionResult> Messages(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v1/messages")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, context => calls.HandleAsync(context, Operation.Messages));

    /// <summary>Token counts in Anthropic's dialect.</summary>
    [Function(nameof(CountTokens))]
    public Task<IActionResult> CountTokens(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "v1/messages/count_tokens")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, context => calls.HandleAsync(context, Operation.CountTokens));

    /// <summary>Chat in Azure's dialect.</summary>
    [Function(nameof(AzureChatCompletions))]
    public Task<IActionResult> AzureChatCompletions(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "openai/deployments/{deployment}/chat/completions")] HttpRequest request,
        [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, context => calls.HandleAsync(context, Operation.ChatCompletions, Part(request, "deployment")));

    /// <summary>Embeddings in Azure's dialect.</summary>
    [Function(nameof(AzureEmbeddings))]
    public Task<IActionResult> AzureEmbeddings(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "openai/deployments/{deployment}/embeddings")] HttpRequest request,
        [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, context => calls.HandleAsync(context, Operation.Embeddings, Part(request, "deployment")));

    /// <summary>What may be asked for.</summary>
    [Function(nameof(Models))]
    public Task<IActionResult> Models(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "v1/models")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, context => models.HandleAsync(context));

    /// <summary>One of what may be asked for; named to come after <see cref="Models"/>, whose path its route fits too.</summary>
    [Function(nameof(NamedModel))]
    public Task<IActionResult> NamedModel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "v1/models/{*model}")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        AnswerAsync(request, client, context => models.HandleAsync(context, Part(request, "model")));
}

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
