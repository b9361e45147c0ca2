using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using ZstdSharp.Unsafe;

namespace FuncLimiter.Gateway.Calls.Codings;

/// <summary>The codings of bodies (RFC 9110, 8.4.1, and RFC 8878) that can be undone.</summary>
internal static class ContentCoding
{
    /// <summary>The names of those that can be undone, for people.</summary>
    public const string Known = "gzip, deflate, br and zstd";

    /// <summary>More codings of one body than anybody means.</summary>
    private const int MostCodings = 4;

    /// <summary>What a Zstandard frame may ask to be held of what came before, as a power of two: RFC 8878 recommends 8 MiB.</summary>
    private const int WindowLog = 23;

    /// <summary>Reads the header <c>Content-Encoding</c>.</summary>
    /// <param name="header">Its values, joined by commas; null where it is absent.</param>
    /// <param name="codings">The codings in the order in which they were applied.</param>
    /// <param name="unknown">The first that can't be undone; null where there is none.</param>
    /// <returns>True where all can be undone, also where there are none.</returns>
    public static bool TryRead(string? header, out IReadOnlyList<string> codings, [NotNullWhen(false)] out string? unknown)
    {
        codings = [];
        unknown = null;
        if (string.IsNullOrWhiteSpace(header))
        {
            return true;
        }

        var names = header.ToLowerInvariant().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        codings = [.. names.Where(name => name != "identity")];
        unknown = codings.FirstOrDefault(name => !IsKnown(name)) ?? (codings.Count > MostCodings ? header : null);
        return unknown is null;
    }

    /// <summary>A stream with the codings undone; what is broken in them ends in an <see cref="IOException"/>.</summary>
    public static Stream Undo(Stream coded, IReadOnlyList<string> codings)
    {
        for (var place = codings.Count - 1; place >= 0; place--)
        {
            coded = new UndoneStream(Undo(coded, codings[place]));
        }

        return coded;
    }

    private static bool IsKnown(string name) => name is "gzip" or "x-gzip" or "deflate" or "br" or "zstd";

    private static Stream Undo(Stream coded, string coding)
    {
        switch (coding)
        {
            case "br":
                return new BrotliStream(coded, CompressionMode.Decompress);
            case "zstd":
                var zstd = new ZstdSharp.DecompressionStream(coded, leaveOpen: false);
                zstd.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, WindowLog);
                return zstd;
            case "deflate":
                return new DeflatedStream(coded);
            default:
                return new GZipStream(coded, CompressionMode.Decompress);
        }
    }
}

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

/// <summary>Reads what a decoder gives, and has broken codings look like a broken connection: each decoder has an exception of its own for them.</summary>
internal sealed class UndoneStream(Stream decoder) : ReadOnlyStream
{
    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            return decoder.Read(buffer);
        }
        catch (Exception broken) when (IsBrokenCoding(broken))
        {
            throw Broken(broken);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await decoder.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception broken) when (IsBrokenCoding(broken))
        {
            throw Broken(broken);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            decoder.Dispose();
        }

        base.Dispose(disposing);
    }

    private static bool IsBrokenCoding(Exception exception) => exception is InvalidDataException or InvalidOperationException or ZstdSharp.ZstdException;

    private static IOException Broken(Exception reason) => new("The body's coding is broken.", reason);
}

/// <summary>A stream that is read forward only.</summary>
internal abstract class ReadOnlyStream : Stream
{
    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public abstract override int Read(Span<byte> buffer);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
