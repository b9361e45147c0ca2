using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Reservations;

/// <summary>The names of operations: their paths without <c>/v1/</c>.</summary>
internal static class Operations
{
    /// <summary>All names, for messages.</summary>
    public const string Names = "'chat/completions', 'responses', 'embeddings', 'messages' or 'messages/count_tokens'";

    /// <summary>The operation of a name; null where there is none.</summary>
    public static Operation? Of(string name) => name switch
    {
        "chat/completions" => Operation.ChatCompletions,
        "responses" => Operation.Responses,
        "embeddings" => Operation.Embeddings,
        "messages" => Operation.Messages,
        "messages/count_tokens" => Operation.CountTokens,
        _ => null,
    };
}
