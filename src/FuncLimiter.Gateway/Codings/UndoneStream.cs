namespace FuncLimiter.Gateway.Codings;

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
