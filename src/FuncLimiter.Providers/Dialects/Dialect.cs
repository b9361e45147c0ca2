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
