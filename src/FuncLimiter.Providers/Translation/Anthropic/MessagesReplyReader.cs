using System.Text.Json;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.Anthropic;

/// <summary>Reads a message that Anthropic answered (Anthropic API reference: create a message).</summary>
internal static class MessagesReplyReader
{
    /// <summary>Reads an answer.</summary>
    public static Reply Read(JsonElement body)
    {
        if (Json.At(body, "content").ValueKind != JsonValueKind.Array)
        {
            throw new TranslationException("The provider's answer has no content.");
        }

        var parts = new List<Part>();
        foreach (var block in ReplyJson.Items(body, "content"))
        {
            switch (Json.Text(Json.At(block, "type")))
            {
                case "text":
                    parts.Add(new TextPart(ReplyJson.Required(block, "text"), ""));
                    break;
                case "tool_use":
                    var input = Json.At(block, "input");
                    parts.Add(new ToolCallPart(
                        ReplyJson.Required(block, "id"),
                        ReplyJson.Required(block, "name"),
                        input.ValueKind == JsonValueKind.Object ? input.GetRawText() : "{}",
                        ""));
                    break;
                case var type when !IsThought(type):
                    throw Unknown(type);
            }
        }

        return new Reply(
            Json.Text(Json.At(body, "id")),
            Json.Text(Json.At(body, "model")),
            parts,
            MessagesStop.Read(Json.Text(Json.At(body, "stop_reason")) ?? "end_turn"),
            Json.Text(Json.At(body, "stop_sequence")),
            ReplyJson.Usage(Json.At(body, "usage")));
    }

    /// <summary>Whether a block is the model's thinking, which nobody asked for and which is not a part of its answer.</summary>
    internal static bool IsThought(string? type) => type is "thinking" or "redacted_thinking";

    /// <summary>A block that nothing stands for in another API.</summary>
    internal static TranslationException Unknown(string? type) => new($"The provider's answer holds '{type}', which can't be put into your API.");
}

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
