using System.Buffers;
using FuncLimiter.Gateway.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace FuncLimiter.Gateway.Http.Requests;

/// <summary>A request's whole body in one bounded, borrowed buffer.</summary>
internal sealed class RequestBody : IDisposable
{
    private const int FirstGuess = 16 * 1024;

    private byte[] _buffer;
    private int _length;

    private RequestBody(int size) => _buffer = ArrayPool<byte>.Shared.Rent(size);

    /// <summary>The body's bytes; not to be used after disposal.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>Reads a body to its end, or gives up as soon as it is known to be too large.</summary>
    /// <param name="request">The request.</param>
    /// <param name="maxBytes">The largest body.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The body; null where it is larger.</returns>
    public static async ValueTask<RequestBody?> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxBytes)
        {
            return null;
        }

        var body = new RequestBody((int)(request.ContentLength ?? FirstGuess));
        var complete = false;
        try
        {
            while (!complete)
            {
                var read = await request.BodyReader.ReadAsync(cancellationToken);
                if (body._length + read.Buffer.Length > maxBytes)
                {
                    request.BodyReader.AdvanceTo(read.Buffer.End);
                    break;
                }

                body.Append(read.Buffer);
                request.BodyReader.AdvanceTo(read.Buffer.End);
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

        return complete ? body : null;
    }

    /// <summary>
    /// 413. What the client still sends is dropped by the server, not held against it, so that it gets to read the answer.
    /// </summary>
    public static GatewayError TooLarge(HttpContext context, int maxBytes)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bound)
        {
            bound.MaxRequestBodySize = null;
        }

        return new GatewayError(413, "request_too_large", $"The request's body is larger than {maxBytes} bytes.");
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            _length = 0;
        }
    }

    private void Append(in ReadOnlySequence<byte> bytes)
    {
        var needed = _length + (int)bytes.Length;
        if (needed > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _buffer.Length * 2));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        bytes.CopyTo(_buffer.AsSpan(_length));
        _length = needed;
    }
}
