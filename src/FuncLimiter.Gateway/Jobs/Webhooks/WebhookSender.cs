using System.Net;
using FuncLimiter.Gateway.Calls.Upstream;
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

    private readonly HttpMessageInvoker _client = new(Handler(configuration, new NameLookup()));

    public async Task<WebhookAttempt> SendAsync(Delivery delivery, byte[] body, CancellationToken cancellationToken)
    {
        if (secrets.Find(delivery.Tenant) is not { } secret)
        {
            return new WebhookAttempt(false, true, "the tenant has no webhook secret any more");
        }

        var (status, fault) = await SignedPost.SendAsync(_client, delivery.Address, delivery.Job, body, secret, Longest, time, cancellationToken);
        return new WebhookAttempt(fault is null, fault is null || status == HttpStatusCode.Gone, fault);
    }

    public void Dispose() => _client.Dispose();

    private static SocketsHttpHandler Handler(GatewayConfiguration configuration, NameLookup names) => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ConnectCallback = (context, cancellationToken) =>
            ConnectAsync(names, context.DnsEndPoint, configuration.Jobs.WebhooksToPrivateNetworks, cancellationToken),
    };

    // The address that is connected to is the one that was checked: a name can't change its meaning in between.
    private static async ValueTask<Stream> ConnectAsync(NameLookup names, DnsEndPoint target, bool privateNetworks, CancellationToken cancellationToken)
    {
        var addresses = await names.FindAsync(target.Host, cancellationToken);
        var allowed = privateNetworks ? addresses : [.. addresses.Where(address => !PrivateNetworks.Contains(address))];
        if (allowed.Length == 0)
        {
            throw new PrivateAddressException();
        }

        return await NameLookup.ConnectAsync(allowed, target.Port, cancellationToken);
    }
}

/// <summary>The secret that signs a tenant's webhooks. One tenant's never signs another's.</summary>
internal sealed class WebhookSecrets(GatewayConfiguration configuration)
{
    private readonly Dictionary<string, byte[]> _byTenant = configuration.Tenants
        .Where(tenant => tenant.WebhookSecret is not null)
        .ToDictionary(tenant => tenant.Id, tenant => SignedPost.SecretBytes(tenant.WebhookSecret!), StringComparer.Ordinal);
    private readonly byte[]? _shared =
        configuration.Tenants.Count == 0 && configuration.Jobs.WebhookSecret is { } secret ? SignedPost.SecretBytes(secret) : null;

    public bool Has(string tenant) => Find(tenant) is not null;

    public byte[]? Find(string tenant) => _byTenant.GetValueOrDefault(tenant) ?? _shared;
}
