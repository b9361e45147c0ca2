using FuncLimiter.Simulation.Providers.Requests;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Simulation.Providers.Hosting;

/// <summary>What a path asks for.</summary>
/// <param name="Dialect">Whose path it is.</param>
/// <param name="Operation">What is asked of a model; null for the list of models.</param>
/// <param name="Deployment">Azure's deployment where the path names it; under <c>/openai/v1</c> the body does.</param>
internal readonly record struct CallRoute(ProviderDialect Dialect, RequestOperation? Operation, string? Deployment)
{
    private const string AzurePrefix = "/openai/deployments/";

    /// <summary>Whose path it most likely is, known or not: errors are written in that dialect.</summary>
    public static ProviderDialect DialectOf(string path) =>
        path.StartsWith("/openai/", StringComparison.Ordinal) ? ProviderDialect.Azure
        : path.StartsWith("/v1/messages", StringComparison.Ordinal) ? ProviderDialect.Anthropic
        : ProviderDialect.OpenAI;

    /// <summary>Reads a path; null where no provider has it.</summary>
    public static CallRoute? Parse(string path) => path switch
    {
        "/v1/chat/completions" => new CallRoute(ProviderDialect.OpenAI, RequestOperation.ChatCompletions, null),
        "/v1/responses" => new CallRoute(ProviderDialect.OpenAI, RequestOperation.Responses, null),
        "/v1/embeddings" => new CallRoute(ProviderDialect.OpenAI, RequestOperation.Embeddings, null),
        "/v1/models" => new CallRoute(ProviderDialect.OpenAI, null, null),
        "/v1/messages" => new CallRoute(ProviderDialect.Anthropic, RequestOperation.Messages, null),
        "/v1/messages/count_tokens" => new CallRoute(ProviderDialect.Anthropic, RequestOperation.CountTokens, null),
        "/openai/v1/chat/completions" => new CallRoute(ProviderDialect.Azure, RequestOperation.ChatCompletions, null),
        "/openai/v1/responses" => new CallRoute(ProviderDialect.Azure, RequestOperation.Responses, null),
        "/openai/v1/embeddings" => new CallRoute(ProviderDialect.Azure, RequestOperation.Embeddings, null),
        _ => ParseAzure(path),
    };

    /// <summary>The same, for providers too that have OpenAI's or Anthropic's paths below a prefix of their own.</summary>
    public static CallRoute? ParseBelowPrefix(string path) =>
        Parse(path)
        ?? (path.EndsWith("/chat/completions", StringComparison.Ordinal) ? new CallRoute(ProviderDialect.OpenAI, RequestOperation.ChatCompletions, null)
            : path.EndsWith("/v1/responses", StringComparison.Ordinal) ? new CallRoute(ProviderDialect.OpenAI, RequestOperation.Responses, null)
            : path.EndsWith("/embeddings", StringComparison.Ordinal) ? new CallRoute(ProviderDialect.OpenAI, RequestOperation.Embeddings, null)
            : path.EndsWith("/v1/messages", StringComparison.Ordinal) ? new CallRoute(ProviderDialect.Anthropic, RequestOperation.Messages, null)
            : null);

    /// <summary>The key that a request brings in its dialect's header.</summary>
    public string? KeyOf(IHeaderDictionary headers)
    {
        var own = Dialect switch
        {
            ProviderDialect.Azure => headers["api-key"].ToString(),
            ProviderDialect.Anthropic => headers["x-api-key"].ToString(),
            _ => "",
        };
        if (own.Length > 0)
        {
            return own;
        }

        var authorization = headers.Authorization.ToString();
        return authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? authorization[7..].Trim() : null;
    }

    private static CallRoute? ParseAzure(string path)
    {
        if (!path.StartsWith(AzurePrefix, StringComparison.Ordinal) || path.IndexOf('/', AzurePrefix.Length) is not (> 0 and var end))
        {
            return null;
        }

        var name = Uri.UnescapeDataString(path[AzurePrefix.Length..end]);
        return path.AsSpan(end) switch
        {
            "/chat/completions" => new CallRoute(ProviderDialect.Azure, RequestOperation.ChatCompletions, name),
            "/embeddings" => new CallRoute(ProviderDialect.Azure, RequestOperation.Embeddings, name),
            _ => null,
        };
    }
}
