using FuncLimiter.Providers.Translation.Conversations;

namespace FuncLimiter.Providers.Translation.Bedrock;

/// <summary>Converse's stop reasons.</summary>
internal static class ConverseStop
{
    /// <summary>The reason behind a word.</summary>
    public static StopKind Read(string word) => word switch
    {
        "end_turn" => StopKind.End,
        "tool_use" => StopKind.ToolCalls,
        "max_tokens" or "model_context_window_exceeded" => StopKind.Length,
        "stop_sequence" => StopKind.StopText,
        "guardrail_intervened" or "content_filtered" => StopKind.Refusal,
        _ => throw new TranslationException($"The provider stopped its answer because of {word}."),
    };
}
