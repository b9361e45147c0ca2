using FuncLimiter.Providers.Translation.Conversations;

namespace FuncLimiter.Providers.Translation.OpenAI;

/// <summary>OpenAI's finish reasons.</summary>
internal static class ChatStop
{
    /// <summary>The reason behind a word; a word that is not known is the end.</summary>
    public static StopKind Read(string word) => word switch
    {
        "length" => StopKind.Length,
        "tool_calls" or "function_call" => StopKind.ToolCalls,
        "content_filter" => StopKind.Refusal,
        _ => StopKind.End,
    };

    /// <summary>The word for a reason.</summary>
    public static string Word(StopKind stop) => stop switch
    {
        StopKind.Length => "length",
        StopKind.ToolCalls => "tool_calls",
        StopKind.Refusal => "content_filter",
        _ => "stop",
    };
}
