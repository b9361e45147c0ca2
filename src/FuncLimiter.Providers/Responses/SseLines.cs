namespace FuncLimiter.Providers.Responses;

/// <summary>Puts the lines of a stream together whose bytes arrive cut anywhere, in bounded memory.</summary>
internal sealed class SseLines
{
    /// <summary>A longer line is known by its last <see cref="TailBytes"/> only.</summary>
    public const int MaxLineBytes = 1024 * 1024;

    /// <summary>What is kept of a line that is too long; a usage object stands near its line's end.</summary>
    public const int TailBytes = 64 * 1024;

    private byte[] _held = [];
    private int _length;
    private bool _truncated;

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

            if (_length == 0)
            {
                handler(chunk[..end], false);
            }
            else
            {
                Hold(chunk[..end]);
                handler(_held.AsSpan(0, _length), _truncated);
                _length = 0;
                _truncated = false;
            }

            chunk = chunk[(end + 1)..];
        }
    }

    private void Hold(ReadOnlySpan<byte> part)
    {
        if (part.Length > MaxLineBytes - _length)
        {
            _truncated = true;
            var fromHeld = Math.Min(_length, Math.Max(0, TailBytes - part.Length));
            _held.AsSpan(_length - fromHeld, fromHeld).CopyTo(_held);
            _length = fromHeld;
            part = part[^Math.Min(part.Length, TailBytes)..];
        }

        if (_held.Length < _length + part.Length)
        {
            Array.Resize(ref _held, Math.Max(_length + part.Length, Math.Min(MaxLineBytes, Math.Max(1024, _held.Length * 2))));
        }

        part.CopyTo(_held.AsSpan(_length));
        _length += part.Length;
    }
}
