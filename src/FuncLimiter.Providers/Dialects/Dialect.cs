namespace FuncLimiter.Providers.Dialects;

/// <summary>The shape of API that a caller or a provider speaks.</summary>
public enum Dialect
{
    /// <summary>OpenAI's paths, bodies and errors.</summary>
    OpenAI,

    /// <summary>OpenAI's bodies under Azure's paths, with the <c>api-key</c> header.</summary>
    Azure,

    /// <summary>Anthropic's paths, bodies and errors.</summary>
    Anthropic,

    /// <summary>The paths, bodies and errors of Gemini and Vertex AI.</summary>
    Google,

    /// <summary>Bedrock's own paths, bodies and errors.</summary>
    Bedrock,
}

/// <summary>What is asked of a model.</summary>
public enum Operation
{
    /// <summary><c>POST /v1/chat/completions</c>, and the same under an Azure deployment.</summary>
    ChatCompletions,

    /// <summary><c>POST /v1/responses</c>.</summary>
    Responses,

    /// <summary><c>POST /v1/embeddings</c>.</summary>
    Embeddings,

    /// <summary><c>POST /v1/messages</c>.</summary>
    Messages,

    /// <summary><c>POST /v1/messages/count_tokens</c>.</summary>
    CountTokens,

    /// <summary>Any other path, passed on as it is: one request, and the tokens that its answer tells.</summary>
    Other,

    /// <summary>Any other path that makes text, passed on as it is; its output is foreseen.</summary>
    OtherGeneration,
}
