using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace FuncLimiter.Server.Hosting;

/// <summary>
/// HTTP/2 without TLS beside HTTP/1.1 on one port, for clients that know that they may (RFC 9113, 3.3). Kestrel tells the two apart by what
/// TLS negotiated, and without TLS takes every connection for HTTP/1.1; here it is told by the first bytes that HTTP/2 begins with.
/// </summary>
internal static class PlainHttp2
{
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Takes such connections at every address.</summary>
    public static void Take(KestrelServerOptions kestrel)
    {
        // What says that it came without TLS did, though it is told apart as though by TLS.
        kestrel.AllowAlternateSchemes = true;
        kestrel.ConfigureEndpointDefaults(listen => listen.Use(next => connection => RecogniseAsync(connection, next, kestrel.Limits.KeepAliveTimeout)));
    }

    private static async Task RecogniseAsync(ConnectionContext connection, ConnectionDelegate next, TimeSpan longest)
    {
        var isHttp2 = false;
        using (var enough = CancellationTokenSource.CreateLinkedTokenSource(
            connection.ConnectionClosed, connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default))
        {
            enough.CancelAfter(longest);
            try
            {
                isHttp2 = await BeginsAsHttp2Async(connection, enough.Token);
            }
            catch (Exception gone) when (gone is OperationCanceledException or IOException)
            {
                // Nothing was asked, so nothing is answered.
                return;
            }
        }

        if (isHttp2)
        {
            connection.Features.Set<ITlsConnectionFeature>(AsNegotiated.Http2);
            connection.Features.Set<ITlsApplicationProtocolFeature>(AsNegotiated.Http2);
        }

        await next(connection);
    }

    private static async Task<bool> BeginsAsHttp2Async(ConnectionContext connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await connection.Transport.Input.ReadAsync(cancellationToken);
            var (begins, isWhole) = Compare(read.Buffer);

            // Nothing is taken away: whoever reads next begins at the beginning.
            connection.Transport.Input.AdvanceTo(read.Buffer.Start, begins && !isWhole ? read.Buffer.End : read.Buffer.Start);
            if (!begins || isWhole || read.IsCompleted)
            {
                return begins && isWhole;
            }
        }
    }

    private static (bool Begins, bool IsWhole) Compare(in ReadOnlySequence<byte> buffer)
    {
        var length = (int)Math.Min(buffer.Length, Preface.Length);
        Span<byte> first = stackalloc byte[Preface.Length];
        buffer.Slice(0, length).CopyTo(first);
        return (first[..length].SequenceEqual(Preface[..length]), length == Preface.Length);
    }

    private sealed class AsNegotiated : ITlsConnectionFeature, ITlsApplicationProtocolFeature
    {
        public static readonly AsNegotiated Http2 = new();

        public X509Certificate2? ClientCertificate { get; set; }

        public ReadOnlyMemory<byte> ApplicationProtocol { get; } = "h2"u8.ToArray();

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult<X509Certificate2?>(null);
    }
}
