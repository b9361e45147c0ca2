using System.Text.Json;

namespace FuncLimiter.Providers.Responses;

/// <summary>Where the events of the known dialects keep their usage, their end and their errors.</summary>
internal static class StreamEvent
{
    /// <summary>A cheap look at the bytes: false where the event can't tell usage or an error.</summary>
    public static bool IsTelling(ReadOnlySpan<byte> data) => HasValue(data, "\"usage"u8) || HasValue(data, "\"error\""u8) || HasMetrics(data);

    /// <summary>The usage that an event tells; empty where it tells none.</summary>
    public static UsageFields Usage(JsonElement root)
    {
        foreach (var path in UsagePaths)
        {
            if (Json.At(root, path) is { ValueKind: JsonValueKind.Object } usage)
            {
                return UsageFields.Read(usage);
            }
        }

        return default;
    }

    /// <summary>True where the event's usage is the last: nothing is generated after it.</summary>
    public static bool IsLast(JsonElement root)
    {
        switch (Json.Word(root, "type"))
        {
            case "message_start":
                return false;
            case "message_delta":
                return Json.Word(Json.At(root, "delta"), "stop_reason") is not null;
            case "response.completed" or "response.done" or "response.incomplete" or "response.failed" or "response.cancelled" or "message-end":
                return true;
        }

        if (Json.At(root, "choices") is { ValueKind: JsonValueKind.Array } choices)
        {
            return choices.GetArrayLength() == 0 || Any(choices, "finish_reason");
        }

        return Json.At(root, "candidates") is { ValueKind: JsonValueKind.Array } candidates
            ? Any(candidates, "finishReason")
            : Json.TryGet(root, Metrics, out _);
    }

    /// <summary>A cheap look at the bytes: true where the event ends its answer. Chunks say why they end, and not all servers say it again.</summary>
    public static bool IsEnd(ReadOnlySpan<byte> data)
    {
        if (data.SequenceEqual(Done) || HasValue(data, "\"finish_reason\""u8) || HasValue(data, "\"finishReason\""u8))
        {
            return true;
        }

        var head = data[..Math.Min(data.Length, TypeWithin)];
        if (head.IndexOf("\"message_stop\""u8) >= 0 || head.IndexOf("\"message-end\""u8) >= 0)
        {
            return true;
        }

        var at = head.IndexOf(ResponseType);
        var type = at < 0 ? default : head[(at + ResponseType.Length)..];
        return type.StartsWith("completed\""u8) || type.StartsWith("done\""u8) || type.StartsWith("incomplete\""u8) || type.StartsWith("failed\""u8) || type.StartsWith("cancelled\""u8);
    }

    /// <summary>True where the event is the last of its stream, and not of its text alone.</summary>
    public static bool IsOver(JsonElement root) =>
        Json.Word(root, "type") is "message_stop" or "message-end" or "response.completed" or "response.incomplete" or "response.failed" or "response.cancelled";

    /// <summary>True where the event is of an API whose streams have a known end.</summary>
    public static bool IsKnown(JsonElement root) =>
        Json.Word(root, "type") is { } type
            ? type == "message_start" || type.StartsWith("response.", StringComparison.Ordinal)
            : Json.At(root, "choices").ValueKind == JsonValueKind.Array || Json.At(root, "candidates").ValueKind == JsonValueKind.Array;

    /// <summary>True where the event opens an answer and nothing of it is content: what comes later may as well come from elsewhere.</summary>
    public static bool IsOpening(JsonElement root) => Json.Word(root, "type") switch
    {
        "message_start" or "ping" or "keepalive" or "response.created" or "response.queued" or "response.in_progress"
            or "response.output_item.added" or "response.content_part.added" or "message-start" or "content-start" => true,
        "content_block_start" => Json.Word(Json.At(root, "content_block"), "type") is "text" or "thinking" or "tool_use",
        null when Json.At(root, "choices") is { ValueKind: JsonValueKind.Array } choices => choices.EnumerateArray().All(IsEmptyChoice),
        null when Json.At(root, "candidates") is { ValueKind: JsonValueKind.Array } candidates => candidates.EnumerateArray().All(IsEmptyCandidate),
        _ => false,
    };

    /// <summary>True where the event is a failure, or carries one.</summary>
    public static bool HasError(JsonElement root) =>
        Json.Word(root, "type") == "error"
        || Json.Word(root, "object") == "error"
        || IsError(Json.At(root, "error"))
        || IsError(Json.At(root, "response", "error"))
        || IsError(Json.At(root, "x_groq", "error"))
        || IsError(Json.At(root, "delta", "error"))
        || (Json.At(root, "choices") is { ValueKind: JsonValueKind.Array } choices && choices.EnumerateArray().Any(IsFailedChoice));

    /// <summary>What ends streams of chunks, in place of an event.</summary>
    public static ReadOnlySpan<byte> Done => "[DONE]"u8;

    /// <summary>Where an event's type stands, where it has one.</summary>
    private const int TypeWithin = 256;

    private static ReadOnlySpan<byte> ResponseType => "\"response."u8;

    private const string Metrics = "amazon-bedrock-invocationMetrics";

    private static readonly string[][] UsagePaths =
    [
        ["usage"], ["usageMetadata"], ["message", "usage"], ["response", "usage"], ["x_groq", "usage"], ["delta", "usage"],
        ["response", "usageMetadata"], [Metrics],
    ];

    private static bool IsError(JsonElement error) =>
        (error.ValueKind == JsonValueKind.Object && error.EnumerateObject().Any()) || (error.ValueKind == JsonValueKind.String && error.GetString() is { Length: > 0 });

    private static bool IsFailedChoice(JsonElement choice) =>
        IsError(Json.At(choice, "error")) || string.Equals(Json.Word(choice, "finish_reason"), "error", StringComparison.OrdinalIgnoreCase);

    private static bool IsEmptyChoice(JsonElement choice) =>
        string.IsNullOrEmpty(Json.Word(choice, "finish_reason"))
        && string.IsNullOrEmpty(Json.Text(Json.At(choice, "text")))
        && (Json.At(choice, "delta") is not { ValueKind: JsonValueKind.Object } delta
            || delta.EnumerateObject().All(property => property.NameEquals("role") || IsEmpty(property.Value)));

    private static bool IsEmptyCandidate(JsonElement candidate) =>
        string.IsNullOrEmpty(Json.Word(candidate, "finishReason"))
        && (Json.At(candidate, "content", "parts") is not { ValueKind: JsonValueKind.Array } parts
            || parts.EnumerateArray().All(part => Json.Text(Json.At(part, "text")) is { Length: 0 }));

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.String => value.GetString() is { Length: 0 },
        JsonValueKind.Array => value.GetArrayLength() == 0,
        _ => false,
    };

    private static bool Any(JsonElement items, string property)
    {
        foreach (var item in items.EnumerateArray())
        {
            if (!string.IsNullOrEmpty(Json.Word(item, property)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasMetrics(ReadOnlySpan<byte> data) => data.IndexOf("\"amazon-bedrock-inv"u8) >= 0;

    /// <summary>True where the word stands as a value, or as a property whose value is neither null nor an empty text.</summary>
    private static bool HasValue(ReadOnlySpan<byte> data, ReadOnlySpan<byte> word)
    {
        for (var at = data.IndexOf(word); at >= 0; at = data.IndexOf(word))
        {
            data = data[(at + word.Length)..];
            var value = data.TrimStart("Metadata\" \t"u8);
            if (value.IsEmpty || value[0] != (byte)':' || value[1..].TrimStart(" \t"u8) is not ([(byte)'n', ..] or [(byte)'"', (byte)'"', ..]))
            {
                return true;
            }
        }

        return false;
    }
}
