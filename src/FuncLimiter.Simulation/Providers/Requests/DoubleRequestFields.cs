using System.Text.Json;

namespace FuncLimiter.Simulation.Providers.Requests;

/// <summary>The top-level fields of a request, as they stand; prompts as ranges of the body.</summary>
internal ref struct DoubleRequestFields
{
    public string? Model;
    public bool Stream;
    public bool IncludeUsage;
    public long? MaxTokens;
    public int? Choices;
    public int? BestOf;
    public int? EmbeddingDimensions;
    public bool Base64;
    public bool ToolDemanded;
    public ReadOnlySpan<byte> Messages;
    public ReadOnlySpan<byte> System;
    public ReadOnlySpan<byte> Tools;

    /// <summary>Reads them all, and so proves that the body is one well-formed JSON object.</summary>
    /// <exception cref="JsonException">The body is not.</exception>
    public static DoubleRequestFields Read(ReadOnlySpan<byte> body)
    {
        var fields = default(DoubleRequestFields);
        var reader = new Utf8JsonReader(body);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("The body is not a JSON object.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            fields.ReadField(ref reader, body);
        }

        // Anything behind the object is malformed, and the reader says so.
        reader.Read();
        return fields;
    }

    private void ReadField(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> body)
    {
        if (reader.ValueTextEquals("model"u8))
        {
            Model = ReadString(ref reader);
        }
        else if (reader.ValueTextEquals("messages"u8) || reader.ValueTextEquals("input"u8))
        {
            Messages = ReadRange(ref reader, body);
        }
        else if (reader.ValueTextEquals("system"u8) || reader.ValueTextEquals("instructions"u8))
        {
            System = ReadRange(ref reader, body);
        }
        else if (reader.ValueTextEquals("tools"u8))
        {
            Tools = ReadRange(ref reader, body);
        }
        else if (reader.ValueTextEquals("max_tokens"u8) || reader.ValueTextEquals("max_completion_tokens"u8)
            || reader.ValueTextEquals("max_output_tokens"u8))
        {
            MaxTokens = ReadNumber(ref reader) ?? MaxTokens;
        }
        else if (reader.ValueTextEquals("tool_choice"u8))
        {
            reader.Read();
            ToolDemanded = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("required"u8);
            var choice = ReadValue(ref reader, body);
            ToolDemanded |= choice[0] == '{' && choice.IndexOf("\"auto\""u8) < 0 && choice.IndexOf("\"none\""u8) < 0;
        }
        else
        {
            ReadRareField(ref reader);
        }
    }

    private void ReadRareField(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("stream"u8))
        {
            reader.Read();
            Stream = reader.TokenType == JsonTokenType.True;
            reader.Skip();
        }
        else if (reader.ValueTextEquals("stream_options"u8))
        {
            ReadStreamOptions(ref reader);
        }
        else if (reader.ValueTextEquals("n"u8))
        {
            Choices = (int?)ReadNumber(ref reader);
        }
        else if (reader.ValueTextEquals("best_of"u8))
        {
            BestOf = (int?)ReadNumber(ref reader);
        }
        else if (reader.ValueTextEquals("dimensions"u8))
        {
            EmbeddingDimensions = (int?)ReadNumber(ref reader);
        }
        else if (reader.ValueTextEquals("encoding_format"u8))
        {
            Base64 = ReadString(ref reader) == "base64";
        }
        else
        {
            reader.Read();
            reader.Skip();
        }
    }

    private void ReadStreamOptions(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var usage = reader.ValueTextEquals("include_usage"u8);
            reader.Read();
            IncludeUsage |= usage && reader.TokenType == JsonTokenType.True;
            reader.Skip();
        }
    }

    private static string? ReadString(ref Utf8JsonReader reader)
    {
        reader.Read();
        var value = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        reader.Skip();
        return value;
    }

    private static long? ReadNumber(ref Utf8JsonReader reader)
    {
        reader.Read();
        var value = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? number : (long?)null;
        reader.Skip();
        return value is null ? null : Math.Clamp(value.Value, int.MinValue, int.MaxValue);
    }

    private static ReadOnlySpan<byte> ReadRange(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> body)
    {
        reader.Read();
        return ReadValue(ref reader, body);
    }

    private static ReadOnlySpan<byte> ReadValue(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> body)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return body[start..(int)reader.BytesConsumed];
    }
}
