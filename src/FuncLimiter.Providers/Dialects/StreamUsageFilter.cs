using System.Buffers;
using System.Text.Json;

namespace FuncLimiter.Providers.Dialects;

/// <summary>
/// Keeps the chunk that tells a stream's usage from a caller who did not ask for it. Everything else passes untouched and at once: bytes
/// are held back only while the line that they belong to may still be that chunk.
/// </summary>
public sealed class StreamUsageFilter
{
    /// <summary>A usage chunk is shorter; a longer line passes.</summary>
    private const int MaxHeldBytes = 16 * 1024;

    private readonly ArrayBufferWriter<byte> _held = new(512);
    private bool _isPassing;
    private bool _hasDropped;

    /// <summary>Takes the next bytes, cut anywhere, and writes those that pass.</summary>
    /// <param name="chunk">The bytes from the provider.</param>
    /// <param name="output">Where to write what the caller gets.</param>
    public void Append(ReadOnlySpan<byte> chunk, IBufferWriter<byte> output)
    {
        while (!chunk.IsEmpty)
        {
            var end = chunk.IndexOf((byte)'\n');
            var part = end < 0 ? chunk : chunk[..(end + 1)];
            if (_isPassing)
            {
                output.Write(part);
                _isPassing = end < 0;
            }
            else
            {
                Take(part, end >= 0, output);
            }

            chunk = chunk[part.Length..];
        }
    }

    /// <summary>Writes what is still held back; call it once the stream is over, however it ended.</summary>
    /// <param name="output">Where to write what the caller gets.</param>
    public void Complete(IBufferWriter<byte> output)
    {
        output.Write(_held.WrittenSpan);
        _held.ResetWrittenCount();
    }

    private void Take(ReadOnlySpan<byte> line, bool isWhole, IBufferWriter<byte> output)
    {
        // The usual case, a whole line in one piece, is judged where it is.
        if (_held.WrittenCount > 0 || !isWhole)
        {
            _held.Write(line);
            line = _held.WrittenSpan;
        }

        if (!Drops(line, isWhole))
        {
            if (!isWhole && (_hasDropped || UsageChunk.MayBecome(line)) && line.Length <= MaxHeldBytes)
            {
                return;
            }

            output.Write(line);
            _isPassing = !isWhole;
        }

        _held.ResetWrittenCount();
    }

    /// <summary>The chunk goes, and with it the blank line that ends its event.</summary>
    private bool Drops(ReadOnlySpan<byte> line, bool isWhole)
    {
        var isBlank = line.TrimEnd("\r\n"u8).IsEmpty;
        if (_hasDropped && isBlank)
        {
            _hasDropped = !isWhole;
            return isWhole;
        }

        _hasDropped = isWhole && UsageChunk.Is(line);
        return _hasDropped;
    }
}

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
