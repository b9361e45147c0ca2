using System.Text.Json;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.Anthropic;

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
