using System.Text.Json;
using FuncLimiter.Providers.Translation.Conversations;

namespace FuncLimiter.Providers.Translation.OpenAI;

/// <summary>Writes a chat completion request (OpenAI API reference: create chat completion).</summary>
internal static class ChatRequestWriter
{
    /// <summary>OpenAI wants a schema to have a name; where the caller's API has none, this is it.</summary>
    private const string SchemaName = "answer";

    /// <summary>Writes the request.</summary>
    public static void Write(Utf8JsonWriter json, Conversation conversation, RequestTerms terms)
    {
        json.WriteStartObject();
        json.WriteString("model", terms.Model);
        json.WriteStartArray("messages");
        foreach (var message in conversation.Messages)
        {
            WriteMessage(json, message);
        }

        json.WriteEndArray();
        WriteTools(json, conversation);
        WriteFormat(json, conversation);
        WriteSampling(json, conversation);
        json.WriteGiven(terms.MaxTokensField, conversation.MaxTokens?.Value);
        if (conversation.EndUser is { } user && terms.NamesEndUser)
        {
            json.WriteString("user", user.Value);
        }

        if (conversation.Stream)
        {
            json.WriteBoolean("stream", true);
            if (terms.AsksForStreamUsage)
            {
                json.WriteStartObject("stream_options");
                json.WriteBoolean("include_usage", true);
                json.WriteEndObject();
            }
        }

        json.WriteEndObject();
    }

    /// <summary>A tool's results are messages of their own, ahead of what the user says beside them.</summary>
    private static void WriteMessage(Utf8JsonWriter json, Message message)
    {
        foreach (var result in message.Parts.OfType<ToolResultPart>())
        {
            json.WriteStartObject();
            json.WriteString("role", "tool");
            json.WriteString("tool_call_id", result.CallId);
            WriteContent(json, result.Content, whenEmpty: "");
            json.WriteEndObject();
        }

        Part[] rest = [.. message.Parts.Where(part => part is not ToolResultPart)];
        if (message.Role == Role.Tool || (rest.Length == 0 && message.Parts.Count > 0))
        {
            return;
        }

        ToolCallPart[] calls = [.. rest.OfType<ToolCallPart>()];
        json.WriteStartObject();
        json.WriteString("role", Word(message.Role));
        WriteContent(json, [.. rest.Where(part => part is not ToolCallPart)], whenEmpty: calls.Length > 0 ? null : "");
        if (calls.Length > 0)
        {
            json.WriteStartArray("tool_calls");
            foreach (var call in calls)
            {
                WriteCall(json, call);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static string Word(Role role) => role switch
    {
        Role.System => "system",
        Role.Developer => "developer",
        Role.Assistant => "assistant",
        _ => "user",
    };

    private static void WriteContent(Utf8JsonWriter json, IReadOnlyList<Part> parts, string? whenEmpty)
    {
        if (parts.Count == 0)
        {
            json.WriteString("content", whenEmpty);
            return;
        }

        if (parts is [TextPart only])
        {
            json.WriteString("content", only.Text);
            return;
        }

        json.WriteStartArray("content");
        foreach (var part in parts)
        {
            json.WriteStartObject();
            if (part is ImagePart image)
            {
                json.WriteString("type", "image_url");
                json.WriteStartObject("image_url");
                json.WriteString("url", image.Url ?? $"data:{image.MediaType};base64,{image.Data}");
                json.WriteGiven("detail", image.Detail);
                json.WriteEndObject();
            }
            else
            {
                json.WriteString("type", "text");
                json.WriteString("text", ((TextPart)part).Text);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Writes a call as it stands in a message.</summary>
    internal static void WriteCall(Utf8JsonWriter json, ToolCallPart call)
    {
        json.WriteStartObject();
        json.WriteString("id", call.Id);
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", call.Name);
        json.WriteString("arguments", call.Arguments);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter json, Conversation conversation)
    {
        if (conversation.Tools.Count > 0)
        {
            json.WriteStartArray("tools");
            foreach (var tool in conversation.Tools)
            {
                WriteTool(json, tool);
            }

            json.WriteEndArray();
        }

        switch (conversation.Choice?.Value)
        {
            case { Mode: ToolMode.Named } named:
                json.WriteStartObject("tool_choice");
                json.WriteString("type", "function");
                json.WriteStartObject("function");
                json.WriteString("name", named.Name);
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case { } choice:
                json.WriteString("tool_choice", choice.Mode == ToolMode.Auto ? "auto" : choice.Mode == ToolMode.None ? "none" : "required");
                break;
        }

        json.WriteGiven("parallel_tool_calls", conversation.ParallelCalls?.Value);
    }

    private static void WriteTool(Utf8JsonWriter json, Tool tool)
    {
        json.WriteStartObject();
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", tool.Name);
        json.WriteGiven("description", tool.Description);
        if (tool.Schema.ValueKind == JsonValueKind.Object)
        {
            json.WritePropertyName("parameters");
            SchemaText.Write(json, tool.Schema);
        }

        json.WriteGiven("strict", tool.Strict);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteFormat(Utf8JsonWriter json, Conversation conversation)
    {
        if (conversation.Format?.Value is not { } format)
        {
            return;
        }

        json.WriteStartObject("response_format");
        json.WriteString("type", format.HasSchema ? "json_schema" : "json_object");
        if (format.HasSchema)
        {
            json.WriteStartObject("json_schema");
            json.WriteString("name", format.Name ?? SchemaName);
            json.WriteGiven("description", format.Description);
            json.WritePropertyName("schema");
            SchemaText.Write(json, format.Schema);
            json.WriteGiven("strict", format.Strict);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteSampling(Utf8JsonWriter json, Conversation conversation)
    {
        json.WriteGiven("stop", conversation.Stop?.Value);
        json.WriteGiven("temperature", conversation.Temperature?.Value);
        json.WriteGiven("top_p", conversation.TopP?.Value);
        json.WriteGiven("frequency_penalty", conversation.FrequencyPenalty?.Value);
        json.WriteGiven("presence_penalty", conversation.PresencePenalty?.Value);
        json.WriteGiven("seed", conversation.Seed?.Value);
    }
}
