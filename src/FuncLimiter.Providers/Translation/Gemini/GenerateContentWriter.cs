using System.Text.Json;
using FuncLimiter.Providers.Translation.Conversations;

namespace FuncLimiter.Providers.Translation.Gemini;

/// <summary>Writes a generateContent request (Gemini API: generating content, function calling, thought signatures).</summary>
internal static class GenerateContentWriter
{
    /// <summary>
    /// From Gemini 3 on, calls in the history carry a signature of the model's thoughts. For calls that come without one, from another model
    /// or API, Google documents this word.
    /// </summary>
    private const string NoSignature = "skip_thought_signature_validator";

    /// <summary>Writes the request; the model stands in its path.</summary>
    public static void Write(Utf8JsonWriter json, Conversation conversation, RequestTerms terms)
    {
        json.WriteStartObject();
        Part[] system = [.. conversation.Messages.Where(message => message.IsInstruction).SelectMany(message => message.Parts)];
        if (system.Length > 0)
        {
            json.WriteStartObject("systemInstruction");
            WriteParts(json, system, new Dictionary<string, string>(), signs: false);
            json.WriteEndObject();
        }

        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        json.WriteStartArray("contents");
        foreach (var turn in Turn.Of(conversation))
        {
            json.WriteStartObject();
            json.WriteString("role", turn.IsAssistant ? "model" : "user");
            WriteParts(json, turn.Parts, names, SignsThoughts(terms.Model));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteTools(json, conversation);
        WriteConfig(json, conversation);
        json.WriteEndObject();
    }

    private static bool SignsThoughts(string model) =>
        !model.Contains("gemini-1", StringComparison.OrdinalIgnoreCase) && !model.Contains("gemini-2", StringComparison.OrdinalIgnoreCase);

    /// <summary>The first of a turn's calls has the signature; a result names its tool, which its call told.</summary>
    private static void WriteParts(Utf8JsonWriter json, IReadOnlyList<Part> parts, Dictionary<string, string> names, bool signs)
    {
        json.WriteStartArray("parts");
        foreach (var part in parts)
        {
            json.WriteStartObject();
            switch (part)
            {
                case TextPart text:
                    json.WriteString("text", text.Text);
                    break;
                case ImagePart image:
                    json.WriteStartObject("inlineData");
                    json.WriteString("mimeType", image.MediaType);
                    json.WriteString("data", image.Data);
                    json.WriteEndObject();
                    break;
                case ToolCallPart call:
                    names[call.Id] = call.Name;
                    json.WriteStartObject("functionCall");
                    json.WriteString("id", call.Id);
                    json.WriteString("name", call.Name);
                    json.WritePropertyName("args");
                    json.WriteRawValue(call.Arguments);
                    json.WriteEndObject();
                    if (signs)
                    {
                        json.WriteString("thoughtSignature", NoSignature);
                        signs = false;
                    }

                    break;
                case ToolResultPart result:
                    json.WriteStartObject("functionResponse");
                    json.WriteString("id", result.CallId);
                    json.WriteString("name", names[result.CallId]);
                    json.WriteStartObject("response");
                    json.WriteString(result.IsError ? "error" : "output", string.Concat(result.Content.OfType<TextPart>().Select(text => text.Text)));
                    json.WriteEndObject();
                    json.WriteEndObject();
                    break;
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTools(Utf8JsonWriter json, Conversation conversation)
    {
        if (conversation.Tools.Count == 0)
        {
            return;
        }

        json.WriteStartArray("tools");
        json.WriteStartObject();
        json.WriteStartArray("functionDeclarations");
        foreach (var tool in conversation.Tools)
        {
            json.WriteStartObject();
            json.WriteString("name", tool.Name);
            json.WriteString("description", tool.Description ?? tool.Name);
            if (!tool.TakesNothing)
            {
                json.WritePropertyName("parametersJsonSchema");
                SchemaText.Write(json, tool.Schema);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        if (conversation.Choice is not { } choice)
        {
            return;
        }

        json.WriteStartObject("toolConfig");
        json.WriteStartObject("functionCallingConfig");
        json.WriteString("mode", choice.Value.Mode switch
        {
            ToolMode.None => "NONE",
            ToolMode.Any or ToolMode.Named => "ANY",
            _ => "AUTO",
        });
        if (choice.Value.Mode == ToolMode.Named)
        {
            json.WriteStartArray("allowedFunctionNames");
            json.WriteStringValue(choice.Value.Name);
            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteConfig(Utf8JsonWriter json, Conversation conversation)
    {
        json.WriteStartObject("generationConfig");
        json.WriteGiven("temperature", conversation.Temperature?.Value);
        json.WriteGiven("topP", conversation.TopP?.Value);
        json.WriteGiven("topK", conversation.TopK?.Value);
        json.WriteGiven("frequencyPenalty", conversation.FrequencyPenalty?.Value);
        json.WriteGiven("presencePenalty", conversation.PresencePenalty?.Value);
        json.WriteGiven("seed", conversation.Seed?.Value);
        json.WriteGiven("maxOutputTokens", conversation.MaxTokens?.Value);
        json.WriteGiven("stopSequences", conversation.Stop?.Value);

        if (conversation.Format is { } format)
        {
            json.WriteString("responseMimeType", "application/json");
            if (format.Value.HasSchema)
            {
                json.WritePropertyName("responseJsonSchema");
                SchemaText.Write(json, format.Value.Schema);
            }
        }

        json.WriteEndObject();
    }
}
