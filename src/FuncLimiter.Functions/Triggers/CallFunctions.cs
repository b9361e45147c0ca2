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
