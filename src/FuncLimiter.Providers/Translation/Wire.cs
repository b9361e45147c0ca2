namespace FuncLimiter.Providers.Translation;

/// <summary>The API in which a deployment is asked where it does not have the caller's own.</summary>
public enum Wire
{
    /// <summary>OpenAI's chat completions, and those of all who offer the same.</summary>
    ChatCompletions,

    /// <summary>Anthropic's Messages.</summary>
    Messages,

    /// <summary>Gemini's <c>generateContent</c> and <c>streamGenerateContent</c>.</summary>
    GenerateContent,

    /// <summary>Bedrock's <c>Converse</c> and <c>ConverseStream</c>.</summary>
    Converse,
}
