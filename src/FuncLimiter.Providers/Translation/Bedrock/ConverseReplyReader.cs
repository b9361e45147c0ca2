using System.Text.Json;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.Bedrock;

/// <summary>Reads what Converse answers (Amazon Bedrock API reference: Converse).</summary>
internal static class ConverseReplyReader
{
    /// <summary>Reads an answer.</summary>
    public static Reply Read(JsonElement body)
    {
        var message = Json.At(body, "output", "message");
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw new TranslationException("The provider's answer has no message.");
        }

        var parts = new List<Part>();
        foreach (var block in ReplyJson.Items(message, "content"))
        {
            if (Json.Text(Json.At(block, "text")) is { } text)
            {
                parts.Add(new TextPart(text, ""));
            }
            else if (Json.At(block, "toolUse") is { ValueKind: JsonValueKind.Object } call)
            {
                var input = Json.At(call, "input");
                parts.Add(new ToolCallPart(
                    ReplyJson.Required(call, "toolUseId"),
                    ReplyJson.Required(call, "name"),
                    input.ValueKind == JsonValueKind.Object ? input.GetRawText() : "{}",
                    ""));
            }
            else if (Json.At(block, "reasoningContent").ValueKind == JsonValueKind.Undefined)
            {
                throw Unknown(block);
            }
        }

        return new Reply(
            null,
            null,
            parts,
            ConverseStop.Read(Json.Text(Json.At(body, "stopReason")) ?? "end_turn"),
            null,
            ReplyJson.Usage(Json.At(body, "usage")));
    }

    /// <summary>A block that nothing stands for in another API.</summary>
    internal static TranslationException Unknown(JsonElement block)
    {
        var name = block.ValueKind == JsonValueKind.Object ? block.EnumerateObject().Select(property => property.Name).FirstOrDefault() : null;
        return new TranslationException($"The provider's answer holds '{name}', which can't be put into your API.");
    }
}

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
