using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FuncLimiter.Providers.Translation.Conversations;

namespace FuncLimiter.Providers.Translation.Anthropic;

/// <summary>Writes a Messages request (Anthropic API reference: create a message).</summary>
internal static class MessagesRequestWriter
{
    /// <summary>Writes the request.</summary>
    public static void Write(Utf8JsonWriter json, Conversation conversation, RequestTerms terms)
    {
        json.WriteStartObject();
        json.WriteString("model", terms.Model);
        json.WriteNumber("max_tokens", conversation.MaxTokens?.Value ?? ClaudeModel.MaxOutputTokens(terms.Model));
        Part[] system = [.. conversation.Messages.Where(message => message.IsInstruction).SelectMany(message => message.Parts)];
        if (system.Length > 0)
        {
            WriteContent(json, "system", system);
        }

        json.WriteStartArray("messages");
        foreach (var turn in Turn.Of(conversation))
        {
            json.WriteStartObject();
            json.WriteString("role", turn.IsAssistant ? "assistant" : "user");
            WriteContent(json, "content", turn.Parts);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteTools(json, conversation);
        WriteSampling(json, conversation);
        if (conversation.Stream)
        {
            json.WriteBoolean("stream", true);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes a block as it stands in a message.</summary>
    internal static void WriteBlock(Utf8JsonWriter json, Part part)
    {
        json.WriteStartObject();
        switch (part)
        {
            case TextPart text:
                json.WriteString("type", "text");
                json.WriteString("text", text.Text);
                break;
            case ImagePart image:
                WriteImage(json, image);
                break;
            case ToolCallPart call:
                json.WriteString("type", "tool_use");
                json.WriteString("id", call.Id);
                json.WriteString("name", call.Name);
                json.WritePropertyName("input");
                json.WriteRawValue(call.Arguments);
                break;
            case ToolResultPart result:
                json.WriteString("type", "tool_result");
                json.WriteString("tool_use_id", result.CallId);
                if (result.Content.Count > 0)
                {
                    WriteContent(json, "content", result.Content);
                }

                if (result.IsError)
                {
                    json.WriteBoolean("is_error", true);
                }

                break;
        }

        json.WriteEndObject();
    }

    private static void WriteContent(Utf8JsonWriter json, string name, IReadOnlyList<Part> parts)
    {
        if (parts is [TextPart only])
        {
            json.WriteString(name, only.Text);
            return;
        }

        json.WriteStartArray(name);
        foreach (var part in parts)
        {
            WriteBlock(json, part);
        }

        json.WriteEndArray();
    }

    private static void WriteImage(Utf8JsonWriter json, ImagePart image)
    {
        json.WriteString("type", "image");
        json.WriteStartObject("source");
        if (image.Url is { } url)
        {
            json.WriteString("type", "url");
            json.WriteString("url", url);
        }
        else
        {
            json.WriteString("type", "base64");
            json.WriteString("media_type", image.MediaType);
            json.WriteString("data", image.Data);
        }

        json.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter json, Conversation conversation)
    {
        if (conversation.Tools.Count == 0)
        {
            return;
        }

        json.WriteStartArray("tools");
        foreach (var tool in conversation.Tools)
        {
            json.WriteStartObject();
            json.WriteString("name", tool.Name);
            json.WriteGiven("description", tool.Description);
            json.WritePropertyName("input_schema");
            SchemaText.Write(json, tool);
            json.WriteGiven("strict", tool.Strict);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteChoice(json, conversation);
    }

    private static void WriteChoice(Utf8JsonWriter json, Conversation conversation)
    {
        var mode = conversation.Choice?.Value.Mode ?? ToolMode.Auto;
        if (conversation.Choice is null && conversation.ParallelCalls is null)
        {
            return;
        }

        json.WriteStartObject("tool_choice");
        json.WriteString("type", mode switch
        {
            ToolMode.None => "none",
            ToolMode.Any => "any",
            ToolMode.Named => "tool",
            _ => "auto",
        });
        if (mode == ToolMode.Named)
        {
            json.WriteString("name", conversation.Choice!.Value.Value.Name);
        }

        if (conversation.ParallelCalls is { } parallel && mode != ToolMode.None)
        {
            json.WriteBoolean("disable_parallel_tool_use", !parallel.Value);
        }

        json.WriteEndObject();
    }

    private static void WriteSampling(Utf8JsonWriter json, Conversation conversation)
    {
        if (conversation.Format?.Value is { } format)
        {
            json.WriteStartObject("output_config");
            json.WriteStartObject("format");
            json.WriteString("type", "json_schema");
            json.WritePropertyName("schema");
            SchemaText.Write(json, format.Schema);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteGiven("stop_sequences", conversation.Stop?.Value);

        var (temperature, topP) = conversation.OneOfBoth;
        json.WriteGiven("temperature", temperature);
        json.WriteGiven("top_p", topP);
        json.WriteGiven("top_k", conversation.TopK?.Value);

        if (conversation.EndUser is { } user)
        {
            json.WriteStartObject("metadata");
            json.WriteString("user_id", user.Value);
            json.WriteEndObject();
        }
    }
}

/// <summary>What Anthropic's API wants to be told of a model (Anthropic: models overview).</summary>
internal static partial class ClaudeModel
{
    private const long UnknownMaxOutput = 4_096;

    /// <summary>
    /// The most that a model writes, by its name, for callers who set no bound where Anthropic wants one. A name that tells no version gets
    /// what every model takes; the answer then says that it was cut by its length.
    /// </summary>
    public static long MaxOutputTokens(string model)
    {
        var match = Version().Match(model);
        if (!match.Success)
        {
            return UnknownMaxOutput;
        }

        var major = int.Parse(match.Groups["major"].Value, CultureInfo.InvariantCulture);
        var minor = match.Groups["minor"].Success ? int.Parse(match.Groups["minor"].Value, CultureInfo.InvariantCulture) : 0;
        return (major, minor) switch
        {
            ( >= 5, _) => 64_000,
            (4, < 5) when model.Contains("opus", StringComparison.OrdinalIgnoreCase) => 32_000,
            (4, _) or (3, 7) => 64_000,
            (3, 5) => 8_192,
            _ => UnknownMaxOutput,
        };
    }

    [GeneratedRegex(@"claude-(?:[a-z]+-)?(?<major>\d{1,2})(?!\d)(?:[-.](?<minor>\d{1,2})(?!\d))?", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Version();
}
