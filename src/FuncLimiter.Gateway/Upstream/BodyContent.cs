using System.Net;

namespace FuncLimiter.Gateway.Upstream;

/// <summary>A request's body that tells whether a connection may still be reading it, so that its buffer is never reused too early.</summary>
/// <param name="body">The bytes.</param>
/// <param name="leaves">Told when a connection is there and the first byte leaves; null for nobody.</param>
/// <param name="upload">A body that is not held, in place of the bytes; null for them.</param>
internal sealed class BodyContent(ReadOnlyMemory<byte> body, Action? leaves = null, UploadBody? upload = null) : HttpContent
{
    private volatile bool _inUse;
    private volatile bool _isBegun;

    /// <summary>True once the request's headers went out and its body was asked for: from then on the provider may know of it.</summary>
    public bool IsBegun => _isBegun;

    /// <summary>True from the first byte sent until the last was taken; stays true where sending broke off.</summary>
    public bool IsInUse => _inUse;

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _isBegun = true;
        _inUse = true;
        leaves?.Invoke();
        await (upload?.CopyToAsync(stream, cancellationToken) ?? stream.WriteAsync(body, cancellationToken).AsTask());
        _inUse = false;
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = upload is null ? body.Length : upload.IsWhole ? upload.Head.Length : upload.Length ?? -1;
        return length >= 0;
    }
}
