using System.Text.Json;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.OpenAI;

/// <summary>Reads one message of a chat completion.</summary>
internal static class ChatMessageReader
{
    /// <summary>Reads a message.</summary>
    public static Message Read(JsonElement element, string path, LossList losses)
    {
        if (ObjectFields.Open(element, path, losses) is not { } fields)
        {
            return new Message(Role.User, [], path);
        }

        var role = ReadRole(fields);
        var parts = ReadContent(fields, role);
        switch (role)
        {
            case Role.Assistant:
                // Where there are calls, an empty text says nothing.
                var calls = ReadCalls(fields);
                parts = calls.Count > 0 ? [.. parts.Where(part => part is not TextPart { Text: "" }), .. calls] : parts;
                break;
            case Role.Tool:
                parts = [new ToolResultPart(fields.Required("tool_call_id"), parts, IsError: false, path)];
                break;
        }

        fields.End(ChatHarmless.Message);
        return new Message(role, parts, path);
    }

    private static Role ReadRole(ObjectFields fields)
    {
        switch (fields.Required("role"))
        {
            case "system":
                return Role.System;
            case "developer":
                return Role.Developer;
            case "assistant":
                return Role.Assistant;
            case "tool":
                return Role.Tool;
            case "user":
                return Role.User;
            case var other:
                fields.Losses.Add(fields.At("role"), $"\"{other}\" can't be carried over to another API");
                return Role.User;
        }
    }

    private static IReadOnlyList<Part> ReadContent(ObjectFields fields, Role role) => fields.Take("content") switch
    {
        null => [],
        { ValueKind: JsonValueKind.String } text => [new TextPart(text.GetString()!, fields.At("content"))],
        _ => [.. fields.Items("content").Select(item => ReadPart(item.Item, item.Path, role, fields.Losses)).OfType<Part>()],
    };

    private static Part? ReadPart(JsonElement element, string path, Role role, LossList losses)
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
            case "image_url" when role == Role.User:
                part = ReadImage(fields, path);
                break;
            case var other:
                losses.Add(path, $"\"{other}\" content can't be carried over to another API");
                return null;
        }

        fields.End(ChatHarmless.Part);
        return part;
    }

    private static ImagePart? ReadImage(ObjectFields fields, string path)
    {
        if (fields.Inside("image_url") is not { } image)
        {
            return null;
        }

        var url = image.Required("url");
        var detail = image.Text("detail");
        image.End();
        if (!url.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
        {
            return new ImagePart(null, null, url, detail, path);
        }

        var comma = url.IndexOf(',', StringComparison.Ordinal);
        var head = comma < 0 ? "" : url["data:".Length..comma];
        if (!head.EndsWith(";base64", StringComparison.OrdinalIgnoreCase) || head.Count(letter => letter == ';') > 1)
        {
            fields.Losses.Add(image.At("url"), "is a data URL without a media type and base64");
            return null;
        }

        return new ImagePart(head[..^";base64".Length].ToLowerInvariant(), url[(comma + 1)..], null, detail, path);
    }

    private static List<ToolCallPart> ReadCalls(ObjectFields message)
    {
        var calls = new List<ToolCallPart>();
        foreach (var (item, path) in message.Items("tool_calls"))
        {
            if (ObjectFields.Open(item, path, message.Losses) is not { } call)
            {
                continue;
            }

            if (call.Required("type") is var type and not "function")
            {
                message.Losses.Add(call.At("type"), $"\"{type}\" is a kind of tool that only OpenAI has");
                continue;
            }

            var id = call.Required("id");
            if (call.Inside("function") is { } function)
            {
                calls.Add(new ToolCallPart(id, function.Required("name"), ReadArguments(function), path));
                function.End();
            }

            call.End();
        }

        return calls;
    }

    /// <summary>Models write nothing at all where a tool takes no arguments.</summary>
    private static string ReadArguments(ObjectFields function)
    {
        var text = function.Required("arguments");
        if (text.Length == 0)
        {
            return "{}";
        }

        if (!JsonText.IsObject(text))
        {
            function.Losses.Add(function.At("arguments"), "is not the text of a JSON object");
        }

        return text;
    }
}
