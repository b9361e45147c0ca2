using System.Buffers;

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
