using System.Text.Json;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.OpenAI;

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
