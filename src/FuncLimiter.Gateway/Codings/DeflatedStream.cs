using System.IO.Compression;

namespace FuncLimiter.Gateway.Codings;

/// <summary>Undoes <c>deflate</c>: the zlib format, as the RFC has it, or without its header, as some send it.</summary>
internal sealed class DeflatedStream(Stream coded) : ReadOnlyStream
{
    private const int HeaderBytes = 2;
    private const int DeflateMethod = 8;
    private const int HeaderIsMultipleOf = 31;

    private Stream? _decoder;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (_decoder is null)
        {
            var head = new byte[HeaderBytes];
            Begin(head, coded.ReadAtLeast(head, HeaderBytes, throwOnEndOfStream: false));
        }

        return _decoder!.Read(buffer);
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_decoder is null)
        {
            var head = new byte[HeaderBytes];
            Begin(head, await coded.ReadAtLeastAsync(head, HeaderBytes, throwOnEndOfStream: false, cancellationToken));
        }

        return await _decoder!.ReadAsync(buffer, cancellationToken);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _decoder?.Dispose();
            coded.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Begin(byte[] head, int length)
    {
        var whole = new PrefixedStream(head.AsMemory(0, length), coded);
        var isZlib = length == HeaderBytes && (head[0] & 0x0f) == DeflateMethod && ((head[0] << 8) | head[1]) % HeaderIsMultipleOf == 0;
        _decoder = isZlib ? new ZLibStream(whole, CompressionMode.Decompress) : new DeflateStream(whole, CompressionMode.Decompress);
    }

    /// <summary>A few bytes that were read already, and the rest of their stream.</summary>
    private sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : ReadOnlyStream
    {
        private ReadOnlyMemory<byte> _prefix = prefix;

        /// <inheritdoc/>
        public override int Read(Span<byte> buffer) => _prefix.IsEmpty ? rest.Read(buffer) : Take(buffer);

        /// <inheritdoc/>
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _prefix.IsEmpty ? rest.ReadAsync(buffer, cancellationToken) : new(Take(buffer.Span));

        private int Take(Span<byte> buffer)
        {
            var taken = Math.Min(buffer.Length, _prefix.Length);
            _prefix.Span[..taken].CopyTo(buffer);
            _prefix = _prefix[taken..];
            return taken;
        }
    }
}
