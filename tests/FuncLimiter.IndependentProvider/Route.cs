namespace FuncLimiter.IndependentProvider;

internal enum Operation
{
    Chat,
    Responses,
    Embeddings,
    Messages,
    CountTokens,
    Generate,
}

/// <summary>What a path and its headers ask for.</summary>
internal sealed record Route(Api Api, Operation Operation, string Key, string? Model = null, bool Streams = false)
{
    public static Route? Find(Request request)
    {
        var bearer = request.Header("Authorization") is { } authorization && authorization.StartsWith("Bearer ", StringComparison.Ordinal) ? authorization[7..] : null;
        if (request.Method != "POST")
        {
            return null;
        }

        var parts = request.Path.Trim('/').Split('/');
        return parts switch
        {
            ["v1", "chat", "completions"] => new(Api.OpenAI, Operation.Chat, bearer ?? ""),
            ["v1", "responses"] => new(Api.OpenAI, Operation.Responses, bearer ?? ""),
            ["v1", "embeddings"] => new(Api.OpenAI, Operation.Embeddings, bearer ?? ""),
            ["v1", "messages"] => new(Api.Anthropic, Operation.Messages, request.Header("x-api-key") ?? bearer ?? ""),
            ["v1", "messages", "count_tokens"] => new(Api.Anthropic, Operation.CountTokens, request.Header("x-api-key") ?? bearer ?? ""),
            ["openai", "deployments", var name, "chat", "completions"] => new(Api.Azure, Operation.Chat, request.Header("api-key") ?? bearer ?? "", name),
            ["openai", "deployments", var name, "embeddings"] => new(Api.Azure, Operation.Embeddings, request.Header("api-key") ?? bearer ?? "", name),
            ["openai", "v1", "chat", "completions"] => new(Api.Azure, Operation.Chat, request.Header("api-key") ?? bearer ?? ""),
            ["openai", "v1", "responses"] => new(Api.Azure, Operation.Responses, request.Header("api-key") ?? bearer ?? ""),
            ["openai", "v1", "embeddings"] => new(Api.Azure, Operation.Embeddings, request.Header("api-key") ?? bearer ?? ""),
            ["openai", "responses"] => new(Api.Azure, Operation.Responses, request.Header("api-key") ?? bearer ?? ""),
            ["v1beta" or "v1", "models", var call] when call.EndsWith(":generateContent", StringComparison.Ordinal) =>
                new(Api.Gemini, Operation.Generate, GeminiKey(request), call[..call.LastIndexOf(':')]),
            ["v1beta" or "v1", "models", var call] when call.EndsWith(":streamGenerateContent", StringComparison.Ordinal) =>
                new(Api.Gemini, Operation.Generate, GeminiKey(request), call[..call.LastIndexOf(':')], Streams: true),
            _ => null,
        };
    }

    private static string GeminiKey(Request request) => request.Header("x-goog-api-key")
        ?? request.Query.TrimStart('?').Split('&').FirstOrDefault(pair => pair.StartsWith("key=", StringComparison.Ordinal))?[4..] ?? "";
}
