namespace FuncLimiter.Providers.Passing;

/// <summary>Whose API a path belongs to.</summary>
public enum ProviderApi
{
    /// <summary>OpenAI's, under <c>/v1</c>, which many providers have under a path of their own.</summary>
    OpenAI,

    /// <summary>Azure OpenAI's own paths, under <c>/openai</c> with an <c>api-version</c>.</summary>
    Azure,

    /// <summary>Anthropic's, under <c>/v1</c>.</summary>
    Anthropic,

    /// <summary>Gemini's own, under <c>/v1beta</c>.</summary>
    Gemini,

    /// <summary>Bedrock's own, under <c>/model</c>.</summary>
    Bedrock,

    /// <summary>Vertex AI's own, under <c>/v1/projects</c>.</summary>
    Vertex,
}
