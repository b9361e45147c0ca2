using System.Text.Json;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Calls.Sockets;

/// <summary>What must be known of an event on a connection.</summary>
/// <param name="Type">Its type.</param>
/// <param name="EventId">The caller's name for it, of an error the caller's event that it answers; null where it has none.</param>
/// <param name="ResponseId">The answer that it belongs to; null where none is named.</param>
internal readonly record struct SocketEvent(string Type, string? EventId, string? ResponseId)
{
    /// <summary>Reads an event; null where the message is none.</summary>
    public static SocketEvent? Read(ReadOnlySpan<byte> message)
    {
        string? type = null, own = null, ofError = null, responseId = null;
        try
        {
            var reader = new Utf8JsonReader(message, new JsonReaderOptions { MaxDepth = RequestReader.MaxDepth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("type"u8))
                {
                    type = Text(ref reader);
                }
                else if (reader.ValueTextEquals("event_id"u8))
                {
                    own = Text(ref reader);
                }
                else if (reader.ValueTextEquals("response_id"u8))
                {
                    responseId ??= Text(ref reader);
                }
                else if (reader.ValueTextEquals("response"u8))
                {
                    responseId = Inner(ref reader, "id"u8) ?? responseId;
                }
                else if (reader.ValueTextEquals("error"u8))
                {
                    // The event's own id is the provider's; the error names the caller's.
                    ofError = Inner(ref reader, "event_id"u8);
                }
                else
                {
                    reader.Read();
                    reader.Skip();
                }
            }
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return null;
        }

        return type is null ? null : new SocketEvent(type, type == "error" ? ofError : own, responseId);
    }

    /// <summary>Whether an answer's last event tells what it used.</summary>
    public static bool TellsUsage(ReadOnlySpan<byte> message) => message.IndexOf("\"usage\""u8) >= 0;

    /// <summary>An error as an event, in the form that both Realtime and Responses have.</summary>
    public static byte[] Error(int status, ReadOnlyMemory<byte> body, string? eventId)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        using (var told = JsonDocument.Parse(body))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "error"u8);
            json.WriteString("event_id"u8, $"event_{Guid.NewGuid():N}");
            json.WriteNumber("status"u8, status);
            json.WriteStartObject("error"u8);
            foreach (var property in told.RootElement.GetProperty("error"u8).EnumerateObject())
            {
                property.WriteTo(json);
            }

            json.WriteString("event_id"u8, eventId);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetString();
        }

        reader.Skip();
        return null;
    }

    private static string? Inner(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        string? found = null;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(name))
            {
                found = Text(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return found;
    }
}
