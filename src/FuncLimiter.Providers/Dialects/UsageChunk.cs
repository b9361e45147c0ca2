using System.Text.Json;

namespace FuncLimiter.Providers.Dialects;

/// <summary>The line of a chat stream that tells the usage and nothing else: no choices, and a usage object.</summary>
internal static class UsageChunk
{
    private static ReadOnlySpan<byte> Data => "data:"u8;

    private static ReadOnlySpan<byte> Choices => "\"choices\""u8;

    /// <summary>Whether a whole line is that chunk.</summary>
    public static bool Is(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith(Data) || !MayBecome(line) || line.IndexOf("\"usage\""u8) < 0)
        {
            return false;
        }

        try
        {
            return Parse(line[Data.Length..]);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Whether the beginning of a line may go on to be that chunk: its choices are not there yet, or they are empty.</summary>
    public static bool MayBecome(ReadOnlySpan<byte> beginning)
    {
        var common = Math.Min(beginning.Length, Data.Length);
        if (!beginning[..common].SequenceEqual(Data[..common]))
        {
            return false;
        }

        var at = beginning.IndexOf(Choices);
        if (at < 0)
        {
            return true;
        }

        ReadOnlySpan<byte> blanks = " \t"u8;
        var rest = beginning[(at + Choices.Length)..].TrimStart(blanks);
        if (rest is not [(byte)':', ..])
        {
            return rest.IsEmpty;
        }

        rest = rest[1..].TrimStart(blanks);
        if (rest is not [(byte)'[', ..])
        {
            return rest.IsEmpty;
        }

        rest = rest[1..].TrimStart(blanks);
        return rest.IsEmpty || rest[0] == (byte)']';
    }

    private static bool Parse(ReadOnlySpan<byte> json)
    {
        var hasNoChoices = false;
        var hasUsage = false;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = RequestReader.MaxDepth });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isChoices = reader.ValueTextEquals("choices"u8);
            var isUsage = reader.ValueTextEquals("usage"u8);
            reader.Read();
            hasUsage |= isUsage && reader.TokenType == JsonTokenType.StartObject;
            if (isChoices && reader.TokenType == JsonTokenType.StartArray)
            {
                reader.Read();
                hasNoChoices = reader.TokenType == JsonTokenType.EndArray;
                if (!hasNoChoices)
                {
                    return false;
                }
            }
            else
            {
                reader.Skip();
            }
        }

        return hasNoChoices && hasUsage;
    }
}
