using System.Text.Json;

namespace FuncLimiter.Providers.Translation.Conversations;

/// <summary>Writes JSON schemas.</summary>
internal static class SchemaText
{
    /// <summary>A schema as the caller wrote it.</summary>
    public static void Write(Utf8JsonWriter json, JsonElement schema) => json.WriteRawValue(schema.GetRawText(), skipInputValidation: true);

    /// <summary>The schema of a tool's arguments, or that of an empty object.</summary>
    public static void Write(Utf8JsonWriter json, Tool tool)
    {
        if (!tool.TakesNothing)
        {
            Write(json, tool.Schema);
            return;
        }

        json.WriteStartObject();
        json.WriteString("type", "object");
        json.WriteStartObject("properties");
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
