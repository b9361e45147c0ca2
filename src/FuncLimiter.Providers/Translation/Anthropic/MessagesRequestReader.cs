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
