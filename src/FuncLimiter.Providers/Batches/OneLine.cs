using System.Text.Json;

namespace FuncLimiter.Providers.Batches;

/// <summary>Writes a body into a file of one line for each call: line breaks between its tokens would end the line.</summary>
internal static class OneLine
{
    public static void Write(Utf8JsonWriter json, ReadOnlyMemory<byte> body)
    {
        if (body.Span.IndexOfAny((byte)'\n', (byte)'\r') < 0)
        {
            json.WriteRawValue(body.Span, skipInputValidation: true);
            return;
        }

        using var parsed = JsonDocument.Parse(body);
        parsed.RootElement.WriteTo(json);
    }
}
