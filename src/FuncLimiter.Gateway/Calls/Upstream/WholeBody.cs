using System.Buffers;

namespace FuncLimiter.Gateway.Calls.Upstream;

/// <summary>A provider's answer in a borrowed buffer: the whole of it, or its beginning where it is larger than may be held.</summary>
internal sealed class WholeBody : IDisposable
{
    private const int FirstGuess = 4 * 1024;

    private byte[] _buffer;
    private int _length;

    private WholeBody(int size) => _buffer = ArrayPool<byte>.Shared.Rent(size);

    /// <summary>The bytes read; not to be used after disposal.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>Where the bytes that were not read are still to come from; null when all are there.</summary>
    public Stream? Rest { get; private set; }

    /// <summary>Whether it begins and ends as a JSON object does.</summary>
    public bool IsObject => Trimmed is [(byte)'{', .., (byte)'}'];

    /// <summary>Whether it begins and ends as a JSON object or array does.</summary>
    public bool IsJson => IsObject || Trimmed is [(byte)'[', .., (byte)']'];

    private ReadOnlySpan<byte> Trimmed
    {
        get
        {
            var bytes = Bytes.Span;
            return (bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes).Trim(" \t\r\n"u8);
        }
    }

    /// <summary>Keeps what was read already, with the rest still to come.</summary>
    public static WholeBody Begin(ReadOnlySpan<byte> bytes, Stream rest)
    {
        var body = new WholeBody(bytes.Length) { Rest = rest, _length = bytes.Length };
        bytes.CopyTo(body._buffer);
        return body;
    }

    /// <summary>Reads a body to its end or up to a bound.</summary>
    public static async ValueTask<WholeBody> ReadAsync(HttpContent content, int maxBytes, CancellationToken cancellationToken)
    {
        var stream = await content.ReadAsStreamAsync(cancellationToken);
        var length = content.Headers.ContentLength;
        var body = new WholeBody((int)Math.Min(length ?? FirstGuess, maxBytes));
        try
        {
            while (body._length < maxBytes)
            {
                if (body._length == body._buffer.Length)
                {
                    body.Grow();
                }

                var room = body._buffer.AsMemory(body._length);
                var read = await stream.ReadAsync(room[..Math.Min(room.Length, maxBytes - body._length)], cancellationToken);
                if (read == 0)
                {
                    return body;
                }

                body._length += read;
                if (body._length == length)
                {
                    return body;
                }
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }

        body.Rest = stream;
        return body;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            _length = 0;
        }
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        Bytes.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
