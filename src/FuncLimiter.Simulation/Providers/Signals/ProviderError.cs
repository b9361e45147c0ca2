using System.Text.Json;

namespace FuncLimiter.Simulation.Providers.Signals;

/// <summary>An error before it is written in a dialect.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Type">OpenAI's and Anthropic's type; unused at Azure.</param>
/// <param name="Code">OpenAI's and Azure's code, or null.</param>
/// <param name="Message">The text.</param>
internal sealed record ProviderError(int Status, string Type, string? Code, string Message)
{
    /// <summary>The field at fault, where one is.</summary>
    public string? Parameter { get; init; }

    /// <summary>Writes the body.</summary>
    public void Write(Utf8JsonWriter json, ProviderDialect dialect, string requestId)
    {
        json.WriteStartObject();
        if (dialect == ProviderDialect.Anthropic)
        {
            json.WriteString("type"u8, "error"u8);
        }

        json.WriteStartObject("error"u8);
        if (dialect == ProviderDialect.Azure)
        {
            json.WriteString("code"u8, Code ?? Type);
            json.WriteString("message"u8, Message);
        }
        else if (dialect == ProviderDialect.Anthropic)
        {
            json.WriteString("type"u8, Type);
            json.WriteString("message"u8, Message);
        }
        else
        {
            json.WriteString("message"u8, Message);
            json.WriteString("type"u8, Type);
            json.WriteString("param"u8, Parameter);
            json.WriteString("code"u8, Code);
        }

        json.WriteEndObject();
        if (dialect == ProviderDialect.Anthropic)
        {
            json.WriteString("request_id"u8, requestId);
        }

        json.WriteEndObject();
    }
}
