using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Codings;
using FuncLimiter.Gateway.Calls.Errors;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace FuncLimiter.Gateway.Http.Requests;

/// <summary>A request's whole body in one bounded, borrowed buffer, or in a file where it is large.</summary>
internal sealed class RequestBody : IDisposable
{
    private const int FirstGuess = 16 * 1024;
    private const int MostShown = 100;
    private const int DecodedAtOnce = 64 * 1024;

    /// <summary>Larger buffers are not kept for the next one: a pool of them is memory that never comes back.</summary>
    private const int MostPooled = 1024 * 1024;

    /// <summary>
    /// Of larger ones a few are kept: what all share keeps dozens of each size, and lets go of one after the other, minutes after the last was used.
    /// </summary>
    private const int MostShared = 64 * 1024;
    private const int LargeKept = 8;

    private static readonly ArrayPool<byte> Large = ArrayPool<byte>.Create(MostPooled, LargeKept);

    private readonly Hold? _hold;
    private readonly GatewayOptions _options;
    private byte[] _buffer;
    private BodyFile? _file;
    private FileBytes? _mapped;
    private bool _staysInMemory;
    private long _counted;
    private int _length;

    private RequestBody(int size, Hold? hold, GatewayOptions options)
    {
        (_hold, _options, _buffer) = (hold, options, []);
        Count(size);
        if (size <= options.MostInMemoryBytes || !TryMoveToFile())
        {
            _buffer = Rent(size);
        }
    }

    /// <summary>The body's bytes; not to be used after disposal.</summary>
    public ReadOnlyMemory<byte> Bytes => _mapped?.Memory ?? _buffer.AsMemory(0, _length);

    /// <summary>
    /// Reads a body to its end and undoes its codings, which the request's headers then no longer name, or gives up as soon as it is known to
    /// be too large.
    /// </summary>
    /// <param name="maxBytes">The largest body, coded or not.</param>
    /// <param name="tenant">Whose it is, for the bound of what bodies may hold together.</param>
    /// <returns>The body; null and what is wrong with it otherwise.</returns>
    public static async ValueTask<(RequestBody? Body, GatewayError? Error)> ReadAsync(HttpContext context, int maxBytes, string tenant = "")
    {
        var request = context.Request;
        if (!ContentCoding.TryRead(request.Headers.ContentEncoding, out var codings, out var unknown))
        {
            return (null, UnknownCoding(context, unknown));
        }

        var options = context.RequestServices?.GetService<GatewayOptions>() ?? new GatewayOptions();
        var body = await ReadAsync(request, maxBytes, Hold.Of(context, tenant), options, context.RequestAborted);
        if (body is null)
        {
            return (null, TooLarge(context, maxBytes));
        }

        request.Headers.Remove("Content-Encoding");
        if (codings.Count == 0)
        {
            return (body, null);
        }

        using (body)
        {
            try
            {
                return await DecodeAsync(body, codings, maxBytes) is { } decoded ? (decoded, null) : (null, TooLarge(context, maxBytes));
            }
            catch (IOException)
            {
                return (null, GatewayError.BadRequest(
                    "invalid_content_encoding", $"The body is said to be coded by {string.Join(", ", codings)}, and can't be decoded.", "Content-Encoding"));
            }
        }
    }

    /// <summary>
    /// 413. What the client still sends is dropped by the server, not held against it, so that it gets to read the answer.
    /// </summary>
    public static GatewayError TooLarge(HttpContext context, long maxBytes)
    {
        DropTheRest(context);
        return new GatewayError(413, "request_too_large", $"The request's body is larger than {maxBytes} bytes.");
    }

    /// <summary>Nobody reads it for a while: what is in a file needs no memory until then.</summary>
    public void Rest() => _mapped?.Rest();

    /// <summary>Gives the buffer back, and lets go of the file.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        _mapped?.Rest();
        (_file, _mapped) = (null, null);
        if (_buffer.Length > 0)
        {
            Return(_buffer);
            _buffer = [];
            _length = 0;
        }
    }

    // Who holds is asked before memory or room on a disk is taken.
    private void Count(long bytes)
    {
        if (bytes > _counted)
        {
            _hold?.Grow(bytes - _counted);
            _counted = bytes;
        }
    }

    private byte[] Rent(int size)
    {
        Count(size);
        return size > MostPooled ? GC.AllocateUninitializedArray<byte>(size) : PoolOf(size).Rent(size);
    }

    private static void Return(byte[] buffer)
    {
        if (buffer.Length <= MostPooled)
        {
            PoolOf(buffer.Length).Return(buffer);
        }
    }

    // Both have arrays of powers of two alone, so that an array's length tells where it is from.
    private static ArrayPool<byte> PoolOf(int size) => size > MostShared ? Large : ArrayPool<byte>.Shared;

    private static async ValueTask<RequestBody?> ReadAsync(HttpRequest request, int maxBytes, Hold? hold, GatewayOptions options, CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxBytes)
        {
            return null;
        }

        var body = new RequestBody((int)(request.ContentLength ?? FirstGuess), hold, options);
        var complete = false;
        try
        {
            while (!complete)
            {
                var read = await ReadAsync(request, cancellationToken);
                if (body._length + read.Buffer.Length > maxBytes)
                {
                    request.BodyReader.AdvanceTo(read.Buffer.End);
                    break;
                }

                try
                {
                    body.Append(read.Buffer);
                }
                finally
                {
                    // What is refused must be let go as well, so that its sender gets to read the answer.
                    request.BodyReader.AdvanceTo(read.Buffer.End);
                }

                complete = read.IsCompleted;
            }
        }
        finally
        {
            if (!complete)
            {
                body.Dispose();
            }
        }

        return complete ? body.Whole() : null;
    }

    /// <returns>The body; null where it is larger.</returns>
    private static async ValueTask<RequestBody?> DecodeAsync(RequestBody coded, IReadOnlyList<string> codings, int maxBytes)
    {
        await using var decoder = ContentCoding.Undo(coded.AsStream(), codings);
        var body = new RequestBody(Math.Max(FirstGuess, coded._length), coded._hold, coded._options);
        var chunk = ArrayPool<byte>.Shared.Rent(DecodedAtOnce);
        var isWhole = false;
        try
        {
            while (!isWhole)
            {
                var read = await decoder.ReadAsync(chunk);
                isWhole = read == 0;
                body.Append(chunk.AsSpan(0, read));
                if (body._length > maxBytes)
                {
                    break;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
            if (!isWhole)
            {
                body.Dispose();
            }
        }

        return isWhole ? body.Whole() : null;
    }

    private static GatewayError UnknownCoding(HttpContext context, string coding)
    {
        DropTheRest(context);
        var shown = coding.Length > MostShown ? coding[..MostShown] : coding;
        return new GatewayError(415, "unsupported_content_encoding",
            $"The body is said to be coded by '{shown}'; send it plain, or coded by {ContentCoding.Known}.")
        {
            Parameter = "Content-Encoding",
        };
    }

    // Kestrel throws this for a chunk whose size can't be read. All other faults of a request it reports as such by itself.
    private static async ValueTask<ReadResult> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await request.BodyReader.ReadAsync(cancellationToken);
        }
        catch (IOException broken) when (broken is not BadHttpRequestException and not ConnectionResetException)
        {
            throw new BadHttpRequestException(broken.Message, broken);
        }
    }

    private static void DropTheRest(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bound)
        {
            bound.MaxRequestBodySize = null;
        }
    }

    private void Append(in ReadOnlySequence<byte> bytes)
    {
        foreach (var part in bytes)
        {
            Append(part.Span);
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        var needed = _length + bytes.Length;
        Count(needed);
        if (needed > _options.MostInMemoryBytes && _file is null && !_staysInMemory)
        {
            _ = TryMoveToFile();
        }

        if (_file is not null && !_file.TryWrite(bytes))
        {
            MoveBack(needed);
        }

        if (_file is null)
        {
            MakeRoom(needed);
            bytes.CopyTo(_buffer.AsSpan(_length));
        }

        _length = needed;
    }

    private bool TryMoveToFile()
    {
        _file = BodyFile.TryOpen(_options.BodyFolder ?? Path.GetTempPath());
        if (_file?.TryWrite(_buffer.AsSpan(0, _length)) == true)
        {
            Return(_buffer);
            _buffer = [];
            return true;
        }

        _file?.Dispose();
        (_file, _staysInMemory) = (null, true);
        return false;
    }

    private void MoveBack(int size)
    {
        var buffer = Rent(size);
        _file!.CopyTo(buffer);
        _file.Dispose();
        (_file, _buffer, _staysInMemory) = (null, buffer, true);
    }

    private Stream AsStream() => MemoryMarshal.TryGetArray(Bytes, out var bytes)
        ? new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false)
        : _mapped!.AsStream();

    private RequestBody Whole()
    {
        if (_file is not null)
        {
            _mapped = _file.TryMap();
            if (_mapped is null)
            {
                MoveBack(_length);
            }

            _file = null;
        }

        return this;
    }

    private void MakeRoom(int needed)
    {
        if (needed > _buffer.Length)
        {
            var larger = Rent(Math.Max(needed, _buffer.Length * 2));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            Return(_buffer);
            _buffer = larger;
        }
    }

    /// <summary>What a request's body holds of the bound of all, until the request is over, whoever still reads the body then.</summary>
    private sealed class Hold(HeldBytes held, string tenant) : IDisposable
    {
        private long _bytes;

        public static Hold? Of(HttpContext context, string tenant)
        {
            if (context.RequestServices?.GetService<HeldBytes>() is not { } held)
            {
                return null;
            }

            var hold = new Hold(held, tenant);
            context.Response.RegisterForDispose(hold);
            return hold;
        }

        public void Grow(long bytes)
        {
            if (bytes > 0)
            {
                held.Take(tenant, bytes);
                _bytes += bytes;
            }
        }

        public void Dispose()
        {
            if (_bytes > 0)
            {
                held.Release(tenant, _bytes);
                _bytes = 0;
            }
        }
    }
}
