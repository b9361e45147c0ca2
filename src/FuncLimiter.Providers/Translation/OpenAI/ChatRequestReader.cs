using System.Text.Json;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.OpenAI;

/// <summary>Reads a chat completion request (OpenAI API reference: create chat completion).</summary>
internal static class ChatRequestReader
{
    /// <summary>Reads all of it; what has no place in a conversation is a loss.</summary>
    public static Conversation Read(JsonElement body, LossList losses)
    {
        if (ObjectFields.Open(body, "", losses) is not { } fields)
        {
            return new Conversation();
        }

        _ = fields.Take("model");
        var conversation = new Conversation
        {
            Messages = [.. fields.Items("messages").Select(item => ChatMessageReader.Read(item.Item, item.Path, losses))],
            Tools = [.. fields.Items("tools").Select(item => ChatToolReader.ReadTool(item.Item, item.Path, losses)).OfType<Tool>()],
            Choice = ChatToolReader.ReadChoice(fields),
            ParallelCalls = fields.Flag("parallel_tool_calls"),
            Format = ReadFormat(fields),
            Stop = ReadStop(fields),
            MaxTokens = ReadMaxTokens(fields),
            Temperature = fields.Number("temperature"),
            TopP = fields.Number("top_p"),
            FrequencyPenalty = fields.Number("frequency_penalty"),
            PresencePenalty = fields.Number("presence_penalty"),
            Seed = fields.Count("seed"),
            EndUser = ReadEndUser(fields),
            Stream = fields.Flag("stream") is { Value: true },
            StreamUsage = ReadStreamUsage(fields),
        };
        fields.End(ChatHarmless.Request);
        return conversation;
    }

    /// <summary>A text, or a list of texts.</summary>
    public static IReadOnlyList<string> Texts(IEnumerable<(JsonElement Item, string Path)> items, LossList losses)
    {
        var texts = new List<string>();
        foreach (var (item, path) in items)
        {
            if (item.ValueKind == JsonValueKind.String)
            {
                texts.Add(item.GetString()!);
            }
            else
            {
                losses.Add(path, "is no text");
            }
        }

        return texts;
    }

    private static Given<IReadOnlyList<string>>? ReadStop(ObjectFields fields)
    {
        var stop = fields.Take("stop");
        IReadOnlyList<string> texts = stop switch
        {
            null => [],
            { ValueKind: JsonValueKind.String } one => [one.GetString()!],
            _ => Texts(fields.Items("stop"), fields.Losses),
        };
        return texts.Count == 0 ? null : new(texts, fields.At("stop"));
    }

    private static Given<long>? ReadMaxTokens(ObjectFields fields)
    {
        var (older, newer) = (Bound(fields, "max_tokens"), Bound(fields, "max_completion_tokens"));
        if (older is { } one && newer is { } other && one.Value != other.Value)
        {
            fields.Losses.Add(other.Path, "differs from max_tokens");
        }

        return newer ?? older;
    }

    // Servers that follow OpenAI's API read -1 as no bound, so other APIs are told none.
    private static Given<long>? Bound(ObjectFields fields, string name) => fields.Count(name) is { Value: not -1 } bound ? bound : null;

    private static Given<string>? ReadEndUser(ObjectFields fields)
    {
        var (user, safety) = (fields.GivenText("user"), fields.GivenText("safety_identifier"));
        return safety ?? user;
    }

    private static bool ReadStreamUsage(ObjectFields fields)
    {
        if (fields.Inside("stream_options") is not { } options)
        {
            return false;
        }

        var isAsked = options.Flag("include_usage") is { Value: true };
        options.End(ChatHarmless.StreamOptions);
        return isAsked;
    }

    private static Given<OutputFormat>? ReadFormat(ObjectFields fields)
    {
        if (fields.Inside("response_format") is not { } format)
        {
            return null;
        }

        OutputFormat? read = null;
        switch (format.Required("type"))
        {
            case "text":
                break;
            case "json_object":
                read = new OutputFormat(default);
                break;
            case "json_schema":
                read = ReadSchema(format);
                break;
            case var other:
                fields.Losses.Add(format.At("type"), $"\"{other}\" is not known");
                break;
        }

        format.End();
        return read is null ? null : new(read, fields.At("response_format"));
    }

    private static OutputFormat? ReadSchema(ObjectFields format)
    {
        if (format.Inside("json_schema") is not { } named)
        {
            return null;
        }

        var schema = named.Take("schema") ?? default;
        if (schema.ValueKind != JsonValueKind.Object)
        {
            format.Losses.Add(named.At("schema"), "is no object");
        }

        var read = new OutputFormat(schema, named.Text("name"), named.Text("description"), named.Flag("strict")?.Value);
        named.End();
        return read;
    }
}

/// <summary>Reads the tools of a chat completion, and whether they are to be called.</summary>
internal static class ChatToolReader
{
    /// <summary>Reads a tool; null, and a loss, where it is no function.</summary>
    public static Tool? ReadTool(JsonElement item, string path, LossList losses)
    {
        if (ObjectFields.Open(item, path, losses) is not { } tool)
        {
            return null;
        }

        if (tool.Required("type") is var type and not "function")
        {
            losses.Add(tool.At("type"), $"\"{type}\" is a kind of tool that only OpenAI has");
            return null;
        }

        if (tool.Inside("function") is not { } function)
        {
            losses.Add(tool.At("function"), "is missing");
            return null;
        }

        var schema = function.Take("parameters") ?? default;
        if (schema.ValueKind is not (JsonValueKind.Object or JsonValueKind.Undefined))
        {
            losses.Add(function.At("parameters"), "is no object");
            schema = default;
        }

        var read = new Tool(function.Required("name"), function.Text("description"), schema, function.Flag("strict")?.Value, $"{path}.function");
        function.End();
        tool.End();
        return read;
    }

    /// <summary>Reads <c>tool_choice</c>.</summary>
    public static Given<ToolChoice>? ReadChoice(ObjectFields fields)
    {
        if (fields.Take("tool_choice") is not { } choice)
        {
            return null;
        }

        var path = fields.At("tool_choice");
        var read = choice.ValueKind == JsonValueKind.String ? OfWord(choice.GetString()!) : OfObject(choice, path, fields.Losses);
        if (read is null)
        {
            fields.Losses.Add(path, "is a choice that can't be carried over to another API");
        }

        return read is null ? null : new(read, path);
    }

    private static ToolChoice? OfWord(string word) => word switch
    {
        "auto" => new ToolChoice(ToolMode.Auto),
        "none" => new ToolChoice(ToolMode.None),
        "required" => new ToolChoice(ToolMode.Any),
        _ => null,
    };

    private static ToolChoice? OfObject(JsonElement element, string path, LossList losses)
    {
        if (ObjectFields.Open(element, path, losses) is not { } choice || choice.Text("type") != "function"
            || choice.Inside("function") is not { } function)
        {
            return null;
        }

        var read = new ToolChoice(ToolMode.Named, function.Required("name"));
        function.End();
        choice.End();
        return read;
    }
}

/// <summary>The fields of a chat completion that may be left out (OpenAI API reference: create chat completion).</summary>
internal static class ChatHarmless
{
    /// <summary>Fields of the request.</summary>
    public static readonly HarmlessField[] Request =
    [
        HarmlessField.WhenNumber("n", 1),
        HarmlessField.WhenFalse("logprobs"),
        HarmlessField.WhenNumber("top_logprobs", 0),
        HarmlessField.WhenEmpty("logit_bias"),
        HarmlessField.WhenFalse("store"),
        HarmlessField.WhenOnly("modalities", "text"),
        HarmlessField.WhenWord("service_tier", "auto", "default"),
        HarmlessField.Always("metadata", "a set of labels for stored completions, and none is stored"),
        HarmlessField.Always("prompt_cache_key", "a hint for the provider's own cache"),
        HarmlessField.Always("prompt_cache_retention", "a hint for the provider's own cache"),
        HarmlessField.Always("prompt_cache_options", "a hint for the provider's own cache"),
    ];

    /// <summary>Fields of a message.</summary>
    public static readonly HarmlessField[] Message = [HarmlessField.WhenEmpty("annotations"), HarmlessField.WhenEmpty("tool_calls")];

    /// <summary>Fields of a piece of a message.</summary>
    public static readonly HarmlessField[] Part = [HarmlessField.Always("prompt_cache_breakpoint", "a hint for the provider's own cache")];

    /// <summary>Fields of <c>stream_options</c>.</summary>
    public static readonly HarmlessField[] StreamOptions =
        [HarmlessField.Always("include_obfuscation", "a switch for padding in the provider's own events")];
}
