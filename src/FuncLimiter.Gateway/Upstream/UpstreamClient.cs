using System.Net;
using FuncLimiter.Gateway.Calls;

namespace FuncLimiter.Gateway.Upstream;

/// <summary>The one way to providers: pooled connections that add, follow and unpack nothing.</summary>
public sealed class UpstreamClient : IDisposable
{
    private readonly HttpMessageInvoker _invoker;

    /// <param name="options">How long connecting may take.</param>
    public UpstreamClient(GatewayOptions options)
        : this(new SocketsHttpHandler
        {
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = options.ConnectTimeout,
            EnableMultipleHttp2Connections = true,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            ActivityHeadersPropagator = null,
        })
    {
    }

    internal UpstreamClient(HttpMessageHandler handler) => _invoker = new HttpMessageInvoker(handler, disposeHandler: true);

    /// <summary>The way itself, for what sends requests of its own.</summary>
    internal HttpMessageInvoker Invoker => _invoker;

    /// <inheritdoc/>
    public void Dispose() => _invoker.Dispose();

    /// <summary>Sends a request and returns once the answer's headers are there.</summary>
    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        _invoker.SendAsync(request, cancellationToken);
}
