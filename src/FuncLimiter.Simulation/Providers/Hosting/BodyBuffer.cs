using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Simulation.Providers.Hosting;

/// <summary>A whole request body in a rented buffer.</summary>
internal readonly struct BodyBuffer(byte[] buffer, int length) : IDisposable
{
    public ReadOnlySpan<byte> Bytes => buffer.AsSpan(0, length);

    /// <summary>Reads a body to its end; null where it is longer than allowed.</summary>
    public static async Task<BodyBuffer?> ReadAsync(HttpRequest request, int mostBytes)
    {
        if (request.ContentLength > mostBytes)
        {
            return null;
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Max(4096, (request.ContentLength ?? 0) + 1));
        var length = 0;
        while (await request.Body.ReadAsync(buffer.AsMemory(length), request.HttpContext.RequestAborted) is > 0 and var read)
        {
            length += read;
            if (length > mostBytes)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                return null;
            }

            buffer = length == buffer.Length ? Grow(buffer) : buffer;
        }

        return new BodyBuffer(buffer, length);
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
