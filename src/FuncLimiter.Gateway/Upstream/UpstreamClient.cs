using System.Net;
using System.Net.Http.Headers;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Providers;

namespace FuncLimiter.Gateway.Upstream;

/// <summary>The one way to providers: pooled connections that add and follow nothing, and undo what codings answers have.</summary>
public sealed class UpstreamClient : IDisposable
{
    private readonly HttpMessageInvoker _invoker;

    /// <param name="options">How long connecting may take.</param>
    /// <param name="tokens">Tokens for accounts that no key opens.</param>
    public UpstreamClient(GatewayOptions options, EntraTokens tokens)
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
        },
        tokens)
    {
    }

    /// <param name="handler">What carries requests.</param>
    /// <param name="tokens">Tokens for accounts that no key opens.</param>
    public UpstreamClient(HttpMessageHandler handler, EntraTokens tokens) =>
        _invoker = new HttpMessageInvoker(new TokenHandler(tokens, new DecodingHandler(handler)), disposeHandler: true);

    /// <summary>The way itself, for what sends requests of its own.</summary>
    public HttpMessageInvoker Invoker => _invoker;

    /// <inheritdoc/>
    public void Dispose() => _invoker.Dispose();

    /// <summary>Sends a request and returns once the answer's headers are there.</summary>
    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        _invoker.SendAsync(request, cancellationToken);

    private sealed class TokenHandler(EntraTokens tokens, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Options.TryGetValue(UpstreamAddress.TokenScopeOption, out var scope))
            {
                request.Headers.Remove("api-key");
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await tokens.GetAsync(scope, cancellationToken));
            }

            return await base.SendAsync(request, cancellationToken);
        }
    }
}
