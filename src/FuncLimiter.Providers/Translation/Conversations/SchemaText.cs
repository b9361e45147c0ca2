using System.Text.Json;

namespace FuncLimiter.Providers.Translation.Conversations;

/// <summary>Writes the schema of a tool's arguments where one must be there.</summary>
internal static class SchemaText
{
    /// <summary>The schema, or that of an empty object.</summary>
    public static void Write(Utf8JsonWriter json, Tool tool)
    {
        if (!tool.TakesNothing)
        {
            tool.Schema.WriteTo(json);
            return;
        }

        json.WriteStartObject();
        json.WriteString("type", "object");
        json.WriteStartObject("properties");
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
