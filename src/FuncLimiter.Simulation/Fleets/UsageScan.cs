using System.Text.Json;

namespace FuncLimiter.Simulation.Fleets;

/// <summary>Finds how many tokens an answer says it used.</summary>
internal static class UsageScan
{
    /// <summary>All tokens of an answer, whole or streamed; 0 where it does not tell.</summary>
    public static long Tokens(ReadOnlySpan<byte> body)
    {
        if (!body.TrimStart(" \r\n"u8).StartsWith("{"u8))
        {
            return TokensOfStream(body);
        }

        var tokens = 0L;
        ReadUsage(body, ref tokens, new Counts());
        return tokens;
    }

    /// <summary>The last event that tells counts: each one tells them all anew.</summary>
    private static long TokensOfStream(ReadOnlySpan<byte> body)
    {
        var tokens = 0L;
        var counts = new Counts();
        foreach (var range in body.Split((byte)'\n'))
        {
            var line = body[range];
            if (line.StartsWith("data: {"u8) && line.IndexOf("\"usage\":{"u8) >= 0)
            {
                ReadUsage(line[6..], ref tokens, counts);
            }
        }

        return tokens;
    }

    private static void ReadUsage(ReadOnlySpan<byte> json, ref long tokens, Counts counts)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("usage"u8) && reader.Read()
                && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadCounts(ref reader, counts);
                tokens = counts.Sum;
            }
        }
    }

    private static void ReadCounts(ref Utf8JsonReader reader, Counts counts)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("prompt_tokens"u8) || reader.ValueTextEquals("input_tokens"u8))
            {
                counts.Input = ReadNumber(ref reader);
            }
            else if (reader.ValueTextEquals("completion_tokens"u8) || reader.ValueTextEquals("output_tokens"u8))
            {
                counts.Output = ReadNumber(ref reader);
            }
            else if (reader.ValueTextEquals("cache_creation_input_tokens"u8))
            {
                counts.CacheWritten = ReadNumber(ref reader);
            }
            else if (reader.ValueTextEquals("cache_read_input_tokens"u8))
            {
                counts.CacheRead = ReadNumber(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }

    private static long ReadNumber(ref Utf8JsonReader reader)
    {
        reader.Read();
        var value = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? number : 0;
        reader.Skip();
        return value;
    }

    private sealed class Counts
    {
        public long Input;
        public long Output;
        public long CacheRead;
        public long CacheWritten;

        public long Sum => Input + Output + CacheRead + CacheWritten;
    }
}
