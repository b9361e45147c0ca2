using System.Text.Json;
using FuncLimiter.Providers.Translation.Conversations;

namespace FuncLimiter.Providers.Translation.Bedrock;

/// <summary>Writes a Converse request (Amazon Bedrock API reference: Converse; user guide: prompt caching).</summary>
internal static class ConverseWriter
{
    /// <summary>Writes the request; the model, and whether it is streamed, stand in its path.</summary>
    public static void Write(Utf8JsonWriter json, Conversation conversation, RequestTerms terms)
    {
        var caches = Caches(terms.Model);
        json.WriteStartObject();
        Part[] system = [.. conversation.Messages.Where(message => message.IsInstruction).SelectMany(message => message.Parts)];
        if (system.Length > 0)
        {
            WriteParts(json, "system", system, caches);
        }

        json.WriteStartArray("messages");
        foreach (var turn in Turn.Of(conversation))
        {
            json.WriteStartObject();
            json.WriteString("role", turn.IsAssistant ? "assistant" : "user");
            WriteParts(json, "content", turn.Parts, caches);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteTools(json, conversation, caches);
        WriteConfig(json, conversation);
        WriteFormat(json, conversation);
        json.WriteEndObject();
    }

    /// <summary>Other models refuse to be told where to cache.</summary>
    private static bool Caches(string model) =>
        model.Contains("claude", StringComparison.OrdinalIgnoreCase) || model.Contains("nova", StringComparison.OrdinalIgnoreCase);

    private static void WriteCachePoint(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartObject("cachePoint");
        json.WriteString("type", "default");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteParts(Utf8JsonWriter json, string name, IReadOnlyList<Part> parts, bool caches)
    {
        json.WriteStartArray(name);
        foreach (var part in parts)
        {
            json.WriteStartObject();
            switch (part)
            {
                case TextPart text:
                    json.WriteString("text", text.Text);
                    break;
                case ImagePart image:
                    json.WriteStartObject("image");
                    json.WriteString("format", image.MediaType!["image/".Length..]);
                    json.WriteStartObject("source");
                    json.WriteString("bytes", image.Data);
                    json.WriteEndObject();
                    json.WriteEndObject();
                    break;
                case ToolCallPart call:
                    json.WriteStartObject("toolUse");
                    json.WriteString("toolUseId", call.Id);
                    json.WriteString("name", call.Name);
                    json.WritePropertyName("input");
                    json.WriteRawValue(call.Arguments);
                    json.WriteEndObject();
                    break;
                case ToolResultPart result:
                    json.WriteStartObject("toolResult");
                    json.WriteString("toolUseId", result.CallId);
                    WriteParts(json, "content", result.Content, caches: false);
                    if (result.IsError)
                    {
                        json.WriteString("status", "error");
                    }

                    json.WriteEndObject();
                    break;
            }

            json.WriteEndObject();
            if (caches && part.EndsCachedPrefix)
            {
                WriteCachePoint(json);
            }
        }

        json.WriteEndArray();
    }

    private static void WriteTools(Utf8JsonWriter json, Conversation conversation, bool caches)
    {
        if (conversation.Tools.Count == 0)
        {
            return;
        }

        json.WriteStartObject("toolConfig");
        json.WriteStartArray("tools");
        foreach (var tool in conversation.Tools)
        {
            json.WriteStartObject();
            json.WriteStartObject("toolSpec");
            json.WriteString("name", tool.Name);
            if (tool.Description is { Length: > 0 } description)
            {
                json.WriteString("description", description);
            }

            json.WriteStartObject("inputSchema");
            json.WritePropertyName("json");
            SchemaText.Write(json, tool);
            json.WriteEndObject();
            if (tool.Strict is true)
            {
                json.WriteBoolean("strict", true);
            }

            json.WriteEndObject();
            json.WriteEndObject();
            if (caches && tool.EndsCachedPrefix)
            {
                WriteCachePoint(json);
            }
        }

        json.WriteEndArray();
        if (conversation.Choice is { } choice)
        {
            json.WriteStartObject("toolChoice");
            json.WriteStartObject(choice.Value.Mode switch
            {
                ToolMode.Any => "any",
                ToolMode.Named => "tool",
                _ => "auto",
            });
            if (choice.Value.Mode == ToolMode.Named)
            {
                json.WriteString("name", choice.Value.Name);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteConfig(Utf8JsonWriter json, Conversation conversation)
    {
        json.WriteStartObject("inferenceConfig");
        json.WriteGiven("maxTokens", conversation.MaxTokens?.Value);

        var (temperature, topP) = conversation.OneOfBoth;
        json.WriteGiven("temperature", temperature);
        json.WriteGiven("topP", topP);
        json.WriteGiven("stopSequences", conversation.Stop?.Value);
        json.WriteEndObject();
    }

    /// <summary>The schema is given as its text.</summary>
    private static void WriteFormat(Utf8JsonWriter json, Conversation conversation)
    {
        if (conversation.Format?.Value is not { } format)
        {
            return;
        }

        json.WriteStartObject("outputConfig");
        json.WriteStartObject("textFormat");
        json.WriteString("type", "json_schema");
        json.WriteStartObject("structure");
        json.WriteStartObject("jsonSchema");
        json.WriteString("schema", format.Schema.GetRawText());
        json.WriteGiven("name", format.Name);
        json.WriteGiven("description", format.Description);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
