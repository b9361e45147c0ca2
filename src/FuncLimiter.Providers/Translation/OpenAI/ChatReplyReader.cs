using System.Text.Json;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.OpenAI;

/// <summary>Reads a chat completion (OpenAI API reference: the chat completion object).</summary>
internal static class ChatReplyReader
{
    /// <summary>Reads an answer with one choice.</summary>
    public static Reply Read(JsonElement body)
    {
        var choice = ReplyJson.Items(body, "choices").FirstOrDefault();
        var message = Json.At(choice, "message");
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw new TranslationException("The provider's answer has no message.");
        }

        var parts = new List<Part>();
        if (Content(message) is { Length: > 0 } text)
        {
            parts.Add(new TextPart(text, ""));
        }

        var refusal = ReplyJson.Text(message, "refusal");
        if (refusal is { Length: > 0 })
        {
            parts.Add(new TextPart(refusal, ""));
        }

        foreach (var call in ReplyJson.Items(message, "tool_calls"))
        {
            var function = Json.At(call, "function");
            parts.Add(new ToolCallPart(ReplyJson.Required(call, "id"), ReplyJson.Required(function, "name"), Arguments(function), ""));
        }

        var stop = refusal is { Length: > 0 } ? StopKind.Refusal : ChatStop.Read(Json.Text(Json.At(choice, "finish_reason")) ?? "stop");

        // Some servers say "stop" where the message has calls.
        stop = stop == StopKind.End && parts.OfType<ToolCallPart>().Any() ? StopKind.ToolCalls : stop;
        return new Reply(
            Json.Text(Json.At(body, "id")), Json.Text(Json.At(body, "model")), parts, stop, null, ReplyJson.Usage(Json.At(body, "usage")));
    }

    private static string? Content(JsonElement message)
    {
        var content = Json.At(message, "content");
        return content.ValueKind == JsonValueKind.Array
            ? string.Concat(content.EnumerateArray().Select(part => ReplyJson.Text(part, "text")))
            : ReplyJson.Text(message, "content");
    }

    private static string Arguments(JsonElement function)
    {
        var arguments = Json.At(function, "arguments");
        var text = arguments.ValueKind == JsonValueKind.Object ? arguments.GetRawText() : ReplyJson.Text(function, "arguments");
        return string.IsNullOrEmpty(text) ? "{}"
            : JsonText.IsObject(text) ? text
            : throw new TranslationException("The provider's answer calls a tool with arguments that are no JSON object.");
    }
}

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
