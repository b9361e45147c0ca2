using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Jobs.Webhooks;

/// <summary>How one attempt at a delivery went.</summary>
/// <param name="Delivered">Whether the receiver took it.</param>
/// <param name="Final">Whether trying again is pointless.</param>
/// <param name="Error">What went wrong, or null.</param>
internal readonly record struct WebhookAttempt(bool Delivered, bool Final, string? Error);

/// <summary>Sends one outcome to its receiver, over connections that keep to the public internet unless configured otherwise.</summary>
internal sealed class WebhookSender(GatewayConfiguration configuration, WebhookSecrets secrets, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ConnectCallback = (context, cancellationToken) =>
            ConnectAsync(context.DnsEndPoint, configuration.Jobs.WebhooksToPrivateNetworks, cancellationToken),
    });

    public async Task<WebhookAttempt> SendAsync(Delivery delivery, byte[] body, CancellationToken cancellationToken)
    {
        if (secrets.Find(delivery.Tenant) is not { } secret)
        {
            return new WebhookAttempt(false, true, "the tenant has no webhook secret any more");
        }

        using var late = new CancellationTokenSource(Longest, time);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        using var request = new HttpRequestMessage(HttpMethod.Post, delivery.Address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var timestamp = WebhookSignature.Timestamp(time.GetUtcNow());
        request.Headers.Add(WebhookSignature.IdHeader, delivery.Job);
        request.Headers.Add(WebhookSignature.TimestampHeader, timestamp);
        request.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.Sign(secret, delivery.Job, timestamp, body));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("FuncLimiter", null));
        try
        {
            // The answer's body says nothing that matters; it is not read.
            using var response = await _client.SendAsync(request, cut.Token);
            return response.IsSuccessStatusCode
                ? new WebhookAttempt(true, true, null)
                : new WebhookAttempt(false, response.StatusCode == HttpStatusCode.Gone, $"answered {(int)response.StatusCode}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new WebhookAttempt(false, false, $"no answer within {Longest.TotalSeconds:0} seconds");
        }
        catch (HttpRequestException failure)
        {
            return new WebhookAttempt(false, false, failure.InnerException is PrivateAddressException ? failure.InnerException.Message : $"could not be reached: {failure.HttpRequestError}");
        }
    }

    public void Dispose() => _client.Dispose();

    // The address that is connected to is the one that was checked: a name can't change its meaning in between.
    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint target, bool privateNetworks, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(target.Host, cancellationToken);
        var allowed = privateNetworks ? addresses : [.. addresses.Where(address => !PrivateNetworks.Contains(address))];
        if (allowed.Length == 0)
        {
            throw new PrivateAddressException();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, target.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class PrivateAddressException() : IOException("the address leads to a private network");
}
