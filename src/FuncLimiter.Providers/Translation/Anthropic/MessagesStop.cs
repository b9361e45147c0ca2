using FuncLimiter.Providers.Translation.Conversations;

namespace FuncLimiter.Providers.Translation.Anthropic;

/// <summary>Anthropic's stop reasons.</summary>
internal static class MessagesStop
{
    /// <summary>The reason behind a word.</summary>
    public static StopKind Read(string word) => word switch
    {
        "stop_sequence" => StopKind.StopText,
        "max_tokens" or "model_context_window_exceeded" => StopKind.Length,
        "tool_use" => StopKind.ToolCalls,
        "refusal" => StopKind.Refusal,
        _ => StopKind.End,
    };

    /// <summary>The word for a reason. That it was a stop text is only said where it is known which.</summary>
    public static string Word(StopKind stop, string? stopText) => stop switch
    {
        StopKind.StopText when stopText is not null => "stop_sequence",
        StopKind.Length => "max_tokens",
        StopKind.ToolCalls => "tool_use",
        StopKind.Refusal => "refusal",
        _ => "end_turn",
    };
}
