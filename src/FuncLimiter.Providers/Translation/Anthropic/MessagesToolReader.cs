using System.Text.Json;
using FuncLimiter.Providers.Translation.Conversations;
using FuncLimiter.Providers.Translation.Reading;

namespace FuncLimiter.Providers.Translation.Anthropic;

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
