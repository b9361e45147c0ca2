using System.Text.Json;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.OpenAI;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.Anthropic;

/// <summary>Reads a Messages request (Anthropic API reference: create a message).</summary>
internal static class MessagesRequestReader
{
    /// <summary>Reads all of it; what has no place in a conversation is a loss.</summary>
    public static Conversation Read(JsonElement body, LossList losses)
    {
        if (ObjectFields.Open(body, "", losses) is not { } fields)
        {
            return new Conversation();
        }

        _ = fields.Take("model");
        var system = MessagesBlockReader.Read(fields, "system", losses);
        Message[] instructions = system.Count == 0 ? [] : [new Message(Role.System, system, "system")];
        var (choice, parallel) = MessagesToolReader.ReadChoice(fields);
        var isStream = fields.Flag("stream") is { Value: true };
        var conversation = new Conversation
        {
            Messages = [.. instructions, .. fields.Items("messages").Select(item => ReadMessage(item.Item, item.Path, losses))],
            Tools = [.. fields.Items("tools").Select(item => MessagesToolReader.ReadTool(item.Item, item.Path, losses)).OfType<Tool>()],
            Choice = choice,
            ParallelCalls = parallel,
            Format = ReadFormat(fields),
            Stop = ReadStop(fields),
            MaxTokens = ReadMaxTokens(fields),
            Temperature = fields.Number("temperature"),
            TopP = fields.Number("top_p"),
            TopK = fields.Count("top_k"),
            EndUser = ReadEndUser(fields),
            Stream = isStream,
            StreamUsage = isStream,
        };
        fields.End(MessagesHarmless.Request);
        return conversation;
    }

    private static Given<long>? ReadMaxTokens(ObjectFields fields)
    {
        var most = fields.Count("max_tokens");
        if (most is { Value: 0 } none)
        {
            fields.Losses.Add(none.Path, "is 0, which warms Anthropic's prompt cache and is nothing elsewhere");
        }

        return most;
    }

    private static Message ReadMessage(JsonElement element, string path, LossList losses)
    {
        if (ObjectFields.Open(element, path, losses) is not { } fields)
        {
            return new Message(Role.User, [], path);
        }

        var role = Role.User;
        switch (fields.Required("role"))
        {
            case "user":
                break;
            case "assistant":
                role = Role.Assistant;
                break;
            case "system":
                role = Role.System;
                break;
            case var other:
                losses.Add(fields.At("role"), $"\"{other}\" can't be carried over to another API");
                break;
        }

        var message = new Message(role, MessagesBlockReader.Read(fields, "content", losses), path);
        fields.End();
        return message;
    }

    private static Given<IReadOnlyList<string>>? ReadStop(ObjectFields fields)
    {
        var texts = ChatRequestReader.Texts(fields.Items("stop_sequences"), fields.Losses);
        return texts.Count == 0 ? null : new(texts, fields.At("stop_sequences"));
    }

    private static Given<string>? ReadEndUser(ObjectFields fields)
    {
        if (fields.Inside("metadata") is not { } metadata)
        {
            return null;
        }

        var user = metadata.GivenText("user_id");
        metadata.End();
        return user;
    }

    private static Given<OutputFormat>? ReadFormat(ObjectFields fields)
    {
        if (fields.Inside("output_config") is not { } config)
        {
            return null;
        }

        var format = config.Inside("format");
        config.End();
        if (format is null)
        {
            return null;
        }

        if (format.Required("type") is var type and not "json_schema")
        {
            fields.Losses.Add(format.At("type"), $"\"{type}\" is not known");
        }

        var schema = format.Take("schema") ?? default;
        format.End();
        return schema.ValueKind == JsonValueKind.Object
            ? new(new OutputFormat(schema, Strict: true), config.At("format"))
            : Missing(fields.Losses, format.At("schema"));
    }

    private static Given<OutputFormat>? Missing(LossList losses, string path)
    {
        losses.Add(path, "is no object");
        return null;
    }
}

/// <summary>Reads the content of a message: a text, or a list of blocks.</summary>
internal static class MessagesBlockReader
{
    /// <summary>Reads the content at a property.</summary>
    public static IReadOnlyList<Part> Read(ObjectFields fields, string name, LossList losses) => fields.Take(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.String } text => [new TextPart(text.GetString()!, fields.At(name))],
        _ => [.. fields.Items(name).Select(item => ReadBlock(item.Item, item.Path, losses)).OfType<Part>()],
    };

    private static Part? ReadBlock(JsonElement element, string path, LossList losses)
    {
        if (ObjectFields.Open(element, path, losses) is not { } fields)
        {
            return null;
        }

        Part? part = null;
        switch (fields.Required("type"))
        {
            case "text":
                part = new TextPart(fields.Required("text"), path);
                break;
            case "image":
                part = ReadImage(fields, path);
                break;
            case "tool_use":
                part = ReadCall(fields, path);
                break;
            case "tool_result":
                part = new ToolResultPart(
                    fields.Required("tool_use_id"), Read(fields, "content", losses), fields.Flag("is_error") is { Value: true }, path);
                break;
            case var other:
                losses.Add(path, $"a \"{other}\" block can't be carried over to another API");
                return null;
        }

        if (part is not null && fields.Take("cache_control") is not null)
        {
            part = part with { EndsCachedPrefix = true };
        }

        fields.End(MessagesHarmless.Block);
        return part;
    }

    private static ImagePart? ReadImage(ObjectFields fields, string path)
    {
        if (fields.Inside("source") is not { } source)
        {
            fields.Losses.Add(fields.At("source"), "is missing");
            return null;
        }

        ImagePart? image = null;
        switch (source.Required("type"))
        {
            case "base64":
                image = new ImagePart(source.Required("media_type"), source.Required("data"), null, null, path);
                break;
            case "url":
                image = new ImagePart(null, null, source.Required("url"), null, path);
                break;
            case var other:
                fields.Losses.Add(source.At("type"), $"\"{other}\" is a source that only Anthropic has");
                return null;
        }

        source.End();
        return image;
    }

    private static ToolCallPart ReadCall(ObjectFields fields, string path)
    {
        var input = fields.Take("input");
        if (input is { ValueKind: not JsonValueKind.Object })
        {
            fields.Losses.Add(fields.At("input"), "is no object");
        }

        return new ToolCallPart(fields.Required("id"), fields.Required("name"), input?.GetRawText() ?? "{}", path);
    }
}

/// <summary>Reads the tools of a Messages request, and whether they are to be called.</summary>
internal static class MessagesToolReader
{
    /// <summary>Reads a tool; null, and a loss, where it is one that Anthropic itself defines.</summary>
    public static Tool? ReadTool(JsonElement item, string path, LossList losses)
    {
        if (ObjectFields.Open(item, path, losses) is not { } tool)
        {
            return null;
        }

        if (tool.Text("type") is { } type and not "custom")
        {
            losses.Add(tool.At("type"), $"\"{type}\" is a tool that only Anthropic has");
            return null;
        }

        var schema = tool.Take("input_schema") ?? default;
        if (schema.ValueKind is not (JsonValueKind.Object or JsonValueKind.Undefined))
        {
            losses.Add(tool.At("input_schema"), "is no object");
            schema = default;
        }

        var read = new Tool(tool.Required("name"), tool.Text("description"), schema, tool.Flag("strict")?.Value, path)
        {
            EndsCachedPrefix = tool.Take("cache_control") is not null,
        };
        tool.End(MessagesHarmless.Tool);
        return read;
    }

    /// <summary>Reads <c>tool_choice</c>, which also says whether several tools may be called at once.</summary>
    public static (Given<ToolChoice>? Choice, Given<bool>? Parallel) ReadChoice(ObjectFields fields)
    {
        if (fields.Inside("tool_choice") is not { } choice)
        {
            return default;
        }

        ToolChoice? read = null;
        switch (choice.Required("type"))
        {
            case "auto":
                read = new ToolChoice(ToolMode.Auto);
                break;
            case "any":
                read = new ToolChoice(ToolMode.Any);
                break;
            case "none":
                read = new ToolChoice(ToolMode.None);
                break;
            case "tool":
                read = new ToolChoice(ToolMode.Named, choice.Required("name"));
                break;
            case var other:
                fields.Losses.Add(choice.At("type"), $"\"{other}\" is not known");
                break;
        }

        Given<bool>? parallel = choice.Flag("disable_parallel_tool_use") is { } single ? new(!single.Value, single.Path) : null;
        choice.End();
        return (read is null ? null : new(read, fields.At("tool_choice")), parallel);
    }
}

/// <summary>The fields of a Messages request that may be left out (Anthropic API reference: create a message).</summary>
internal static class MessagesHarmless
{
    /// <summary>Fields of the request.</summary>
    public static readonly HarmlessField[] Request =
    [
        HarmlessField.Always("cache_control", "a hint for the provider's own cache"),
        HarmlessField.WhenType("thinking", "disabled"),
        HarmlessField.WhenWord("service_tier", "auto"),
        HarmlessField.WhenWord("speed", "standard"),
        HarmlessField.WhenEmpty("mcp_servers"),
    ];

    /// <summary>Fields of a block.</summary>
    public static readonly HarmlessField[] Block =
        [HarmlessField.WhenEmpty("citations"), HarmlessField.WhenType("caller", "direct")];

    /// <summary>Fields of a tool.</summary>
    public static readonly HarmlessField[] Tool =
        [HarmlessField.WhenFalse("defer_loading"), HarmlessField.WhenOnly("allowed_callers", "direct"),
            HarmlessField.Always("eager_input_streaming", "a hint for how the provider cuts its own events")];
}
