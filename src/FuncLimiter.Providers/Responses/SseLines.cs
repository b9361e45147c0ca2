namespace FuncLimiter.Providers.Responses;

/// <summary>Puts the lines of a stream together whose bytes arrive cut anywhere, in bounded memory.</summary>
internal sealed class SseLines
{
    /// <summary>A longer line is known by its last <see cref="TailBytes"/> only.</summary>
    public const int MaxLineBytes = 1024 * 1024;

    /// <summary>What is kept of a line that is too long; a usage object stands near its line's end.</summary>
    public const int TailBytes = 64 * 1024;

    private byte[] held = [];
    private int length;
    private bool truncated;

    /// <summary>Takes one line without its end.</summary>
    /// <param name="line">The line, or its tail.</param>
    /// <param name="isTail">True where the line's beginning is lost.</param>
    public delegate void LineHandler(ReadOnlySpan<byte> line, bool isTail);

    /// <summary>Takes bytes, and hands over each line that they end.</summary>
    public void Append(ReadOnlySpan<byte> chunk, LineHandler handler)
    {
        while (!chunk.IsEmpty)
        {
            var end = chunk.IndexOfAny((byte)'\n', (byte)'\r');
            if (end < 0)
            {
                Hold(chunk);
                return;
            }

            if (length == 0)
            {
                handler(chunk[..end], false);
            }
            else
            {
                Hold(chunk[..end]);
                handler(held.AsSpan(0, length), truncated);
                length = 0;
                truncated = false;
            }

            chunk = chunk[(end + 1)..];
        }
    }

    private void Hold(ReadOnlySpan<byte> part)
    {
        if (part.Length > MaxLineBytes - length)
        {
            truncated = true;
            var fromHeld = Math.Min(length, Math.Max(0, TailBytes - part.Length));
            held.AsSpan(length - fromHeld, fromHeld).CopyTo(held);
            length = fromHeld;
            part = part[^Math.Min(part.Length, TailBytes)..];
        }

        if (held.Length < length + part.Length)
        {
            Array.Resize(ref held, Math.Max(length + part.Length, Math.Min(MaxLineBytes, Math.Max(1024, held.Length * 2))));
        }

        part.CopyTo(held.AsSpan(length));
        length += part.Length;
    }
}
