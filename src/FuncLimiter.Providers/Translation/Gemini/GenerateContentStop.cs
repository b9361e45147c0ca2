using FuncLimiter.Providers.Translation.Conversations;

namespace FuncLimiter.Providers.Translation.Gemini;

/// <summary>Gemini's finish reasons.</summary>
internal static class GenerateContentStop
{
    /// <summary>The reason behind a word.</summary>
    /// <param name="word">For example <c>MAX_TOKENS</c>.</param>
    /// <param name="hasCalls">Whether there were tool calls, which Gemini does not count as a reason.</param>
    public static StopKind Read(string word, bool hasCalls) => word switch
    {
        "STOP" => hasCalls ? StopKind.ToolCalls : StopKind.End,
        "MAX_TOKENS" => StopKind.Length,
        "SAFETY" or "RECITATION" or "LANGUAGE" or "BLOCKLIST" or "PROHIBITED_CONTENT" or "SPII" or "IMAGE_SAFETY" => StopKind.Refusal,
        _ => throw new TranslationException($"The provider stopped its answer because of {word}."),
    };
}
