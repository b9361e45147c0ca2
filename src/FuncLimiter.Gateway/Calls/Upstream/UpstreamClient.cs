using System.Net;
using FuncLimiter.Gateway.Calls.Codings;
using FuncLimiter.Gateway.Calls.Upstream.Credentials;

namespace FuncLimiter.Gateway.Calls.Upstream;

/// <summary>The one way to providers: pooled connections that add and follow nothing, and undo what codings answers have.</summary>
internal sealed class UpstreamClient : IDisposable
{
    private readonly HttpMessageInvoker _invoker;

    /// <param name="options">How long connecting may take.</param>
    /// <param name="credentials">What opens accounts that no key opens.</param>
    public UpstreamClient(GatewayOptions options, UpstreamCredentials credentials)
        : this(Connections(options), credentials)
    {
    }

    /// <param name="handler">What carries requests.</param>
    /// <param name="credentials">What opens accounts that no key opens.</param>
    public UpstreamClient(HttpMessageHandler handler, UpstreamCredentials credentials) =>
        _invoker = new HttpMessageInvoker(new CredentialHandler(credentials, new DecodingHandler(handler)), disposeHandler: true);

    /// <summary>The way itself, for what sends requests of its own.</summary>
    public HttpMessageInvoker Invoker => _invoker;

    /// <inheritdoc/>
    public void Dispose() => _invoker.Dispose();

    /// <summary>Sends a request and returns once the answer's headers are there.</summary>
    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        _invoker.SendAsync(request, cancellationToken);

    /// <summary>The connections of all calls.</summary>
    internal static SocketsHttpHandler Connections(GatewayOptions options) => new()
    {
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = options.ConnectTimeout,
        ConnectCallback = ConnectBy(new NameLookup(options.Lookup)),
        EnableMultipleHttp2Connections = true,
        KeepAlivePingDelay = PingTime(options),
        KeepAlivePingTimeout = PingTime(options),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
        ActivityHeadersPropagator = null,
    };

    // The handler takes no less than a second.
    private static TimeSpan PingTime(GatewayOptions options) => options.SocketKeepAlive < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : options.SocketKeepAlive;

    private static Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> ConnectBy(NameLookup names) =>
        (context, cancellationToken) => names.ConnectAsync(context.DnsEndPoint, cancellationToken);
}

/// <summary>
/// Undoes the coding of answers. Nothing asks for one, but some providers and proxies code all the same, and what is said of usage, limits and
/// errors has to be read.
/// </summary>
internal sealed class DecodingHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const string Header = "Content-Encoding";

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        var coded = response.Content;
        if (coded.Headers.NonValidated.TryGetValues(Header, out var header)
            && ContentCoding.TryRead(header.ToString(), out var codings, out _)
            && codings.Count > 0)
        {
            response.Content = new DecodedContent(coded, codings);
        }

        return response;
    }

    private sealed class DecodedContent : HttpContent
    {
        private readonly HttpContent _coded;
        private readonly IReadOnlyList<string> _codings;

        public DecodedContent(HttpContent coded, IReadOnlyList<string> codings)
        {
            _coded = coded;
            _codings = codings;
            foreach (var (name, values) in coded.Headers.NonValidated)
            {
                if (!name.Equals(Header, StringComparison.OrdinalIgnoreCase) && !name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                {
                    Headers.TryAddWithoutValidation(name, values);
                }
            }
        }

        protected override async Task<Stream> CreateContentReadStreamAsync() => ContentCoding.Undo(await _coded.ReadAsStreamAsync(), _codings);

        protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
            ContentCoding.Undo(await _coded.ReadAsStreamAsync(cancellationToken), _codings);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await using var decoded = await CreateContentReadStreamAsync(cancellationToken);
            await decoded.CopyToAsync(stream, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _coded.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
