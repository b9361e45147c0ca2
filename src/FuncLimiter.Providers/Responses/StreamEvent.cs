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
            case "response.completed" or "response.incomplete" or "response.failed" or "response.cancelled" or "message-end":
                return true;
        }

        if (Json.At(root, "choices") is { ValueKind: JsonValueKind.Array } choices)
        {
            return choices.GetArrayLength() == 0 || Any(choices, "finish_reason");
        }

        return Json.At(root, "candidates") is { ValueKind: JsonValueKind.Array } candidates
            ? Any(candidates, "finishReason")
            : root.TryGetProperty(Metrics, out _);
    }

    /// <summary>True where the event is a failure, or carries one.</summary>
    public static bool HasError(JsonElement root) =>
        Json.Word(root, "type") == "error"
        || IsError(Json.At(root, "error"))
        || IsError(Json.At(root, "response", "error"))
        || IsError(Json.At(root, "x_groq", "error"));

    private const string Metrics = "amazon-bedrock-invocationMetrics";

    private static readonly string[][] UsagePaths =
    [
        ["usage"], ["usageMetadata"], ["message", "usage"], ["response", "usage"], ["x_groq", "usage"], ["delta", "usage"],
        ["response", "usageMetadata"], [Metrics],
    ];

    private static bool IsError(JsonElement error) =>
        error.ValueKind == JsonValueKind.Object || (error.ValueKind == JsonValueKind.String && error.GetString() is { Length: > 0 });

    private static bool Any(JsonElement items, string property)
    {
        foreach (var item in items.EnumerateArray())
        {
            if (Json.Word(item, property) is not null)
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasMetrics(ReadOnlySpan<byte> data) => data.IndexOf("\"amazon-bedrock-inv"u8) >= 0;

    /// <summary>True where the word stands as a value, or as a property whose value is not null.</summary>
    private static bool HasValue(ReadOnlySpan<byte> data, ReadOnlySpan<byte> word)
    {
        for (var at = data.IndexOf(word); at >= 0; at = data.IndexOf(word))
        {
            data = data[(at + word.Length)..];
            var value = data.TrimStart("Metadata\" \t"u8);
            if (value.IsEmpty || value[0] != (byte)':' || value[1..].TrimStart(" \t"u8) is not [(byte)'n', ..])
            {
                return true;
            }
        }

        return false;
    }
}
