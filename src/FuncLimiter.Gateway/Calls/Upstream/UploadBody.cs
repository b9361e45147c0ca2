using System.Buffers;
using System.IO.Pipelines;
using FuncLimiter.Gateway.Calls.Errors;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Calls.Upstream;

/// <summary>A request's body of which only the beginning is held; the rest is read as it is sent on, once.</summary>
internal sealed class UploadBody
{
    private const int ChunkBytes = 64 * 1024;

    private readonly PipeReader? _rest;
    private readonly long _most;

    private UploadBody(byte[] head, PipeReader? rest, long? length, long most)
    {
        Head = head;
        _rest = rest;
        Length = length;
        _most = most;
    }

    /// <summary>What is held: all of it where <see cref="IsWhole"/>.</summary>
    public ReadOnlyMemory<byte> Head { get; }

    /// <summary>The whole length in bytes; null where its sender doesn't tell.</summary>
    public long? Length { get; }

    /// <summary>Whether all of it is held, so that it can be sent again.</summary>
    public bool IsWhole => _rest is null;

    /// <summary>Whether the rest was begun to be read: it can't be sent again.</summary>
    public bool IsSpent { get; private set; }

    /// <summary>What its sender did wrong; null where nothing.</summary>
    public GatewayError? Fault { get; private set; }

    /// <summary>Reads the beginning of a body.</summary>
    /// <param name="held">How much to hold at most, in bytes.</param>
    /// <param name="most">How large it may be as a whole, in bytes.</param>
    public static async ValueTask<UploadBody> ReadAsync(HttpRequest request, int held, long most, CancellationToken cancellationToken)
    {
        var head = new ArrayBufferWriter<byte>(ChunkBytes);
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken);
            var taken = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, held - head.WrittenCount));
            foreach (var segment in taken)
            {
                head.Write(segment.Span);
            }

            var isAll = read.IsCompleted && taken.Length == read.Buffer.Length;
            request.BodyReader.AdvanceTo(taken.End);
            if (isAll || head.WrittenCount >= held)
            {
                return new UploadBody(head.WrittenSpan.ToArray(), isAll ? null : request.BodyReader, request.ContentLength, most);
            }
        }
    }

    /// <summary>Sends it on.</summary>
    /// <exception cref="IOException">It is larger than its bound, or was begun before.</exception>
    public async Task CopyToAsync(Stream stream, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(Head, cancellationToken);
        if (_rest is null)
        {
            return;
        }

        if (IsSpent)
        {
            throw new IOException("The body was sent before, and is not held.");
        }

        IsSpent = true;
        for (var sent = (long)Head.Length; ;)
        {
            var read = await ReadAsync(_rest, cancellationToken);
            sent += read.Buffer.Length;
            if (sent > _most)
            {
                Fault = new GatewayError(413, "request_too_large", $"The request's body is larger than {_most} bytes.");
                _rest.AdvanceTo(read.Buffer.End);
                throw new IOException($"The body is larger than {_most} bytes.");
            }

            foreach (var segment in read.Buffer)
            {
                await stream.WriteAsync(segment, cancellationToken);
            }

            _rest.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private async ValueTask<ReadResult> ReadAsync(PipeReader rest, CancellationToken cancellationToken)
    {
        try
        {
            return await rest.ReadAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            Fault = GatewayError.BadRequest("request_broke_off", "The request's body broke off.");
            throw;
        }
    }
}
