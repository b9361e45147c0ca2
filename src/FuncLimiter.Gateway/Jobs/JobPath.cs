using System.Diagnostics.CodeAnalysis;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>The drop-in path of a call, taken apart.</summary>
/// <param name="Dialect">The dialect.</param>
/// <param name="Operation">What is asked.</param>
/// <param name="Model">The deployment that an Azure path names; null for other paths.</param>
/// <param name="Query">The query string with its question mark, or empty.</param>
internal sealed record JobPath(Dialect Dialect, Operation Operation, string? Model, string Query)
{
    /// <summary>The paths that jobs may use, for messages.</summary>
    public const string All =
        "/v1/chat/completions, /v1/responses, /v1/embeddings, /v1/messages, /v1/messages/count_tokens, "
        + "/openai/deployments/{name}/chat/completions or /openai/deployments/{name}/embeddings";

    private const int LongestPath = 2048;

    public static bool TryParse(string text, [NotNullWhen(true)] out JobPath? path)
    {
        path = null;
        if (text.Length > LongestPath || text.Contains('#', StringComparison.Ordinal))
        {
            return false;
        }

        var mark = text.IndexOf('?', StringComparison.Ordinal);
        var query = mark < 0 || mark == text.Length - 1 ? string.Empty : text[mark..];
        path = (mark < 0 ? text : text[..mark]).Split('/') switch
        {
            ["", "v1", "chat", "completions"] => new JobPath(Dialect.OpenAI, Operation.ChatCompletions, null, query),
            ["", "v1", "responses"] => new JobPath(Dialect.OpenAI, Operation.Responses, null, query),
            ["", "v1", "embeddings"] => new JobPath(Dialect.OpenAI, Operation.Embeddings, null, query),
            ["", "v1", "messages"] => new JobPath(Dialect.Anthropic, Operation.Messages, null, query),
            ["", "v1", "messages", "count_tokens"] => new JobPath(Dialect.Anthropic, Operation.CountTokens, null, query),
            ["", "openai", "deployments", { Length: > 0 } name, "chat", "completions"] =>
                new JobPath(Dialect.Azure, Operation.ChatCompletions, Uri.UnescapeDataString(name), query),
            ["", "openai", "deployments", { Length: > 0 } name, "embeddings"] =>
                new JobPath(Dialect.Azure, Operation.Embeddings, Uri.UnescapeDataString(name), query),
            _ => null,
        };
        return path is not null;
    }

    /// <summary>The path again.</summary>
    public override string ToString() => (Dialect, Operation) switch
    {
        (Dialect.Azure, Operation.Embeddings) => $"/openai/deployments/{Uri.EscapeDataString(Model!)}/embeddings{Query}",
        (Dialect.Azure, _) => $"/openai/deployments/{Uri.EscapeDataString(Model!)}/chat/completions{Query}",
        (_, Operation.ChatCompletions) => $"/v1/chat/completions{Query}",
        (_, Operation.Responses) => $"/v1/responses{Query}",
        (_, Operation.Embeddings) => $"/v1/embeddings{Query}",
        (_, Operation.Messages) => $"/v1/messages{Query}",
        _ => $"/v1/messages/count_tokens{Query}",
    };
}

/// <summary>The paths of jobs, the same in every host.</summary>
internal static class JobPaths
{
    /// <summary>Takes jobs.</summary>
    public const string Jobs = "/jobs";

    /// <summary>One job.</summary>
    public const string Job = "/jobs/{id}";

    /// <summary>The address of one job.</summary>
    public static string Of(string id) => $"{Jobs}/{id}";
}
