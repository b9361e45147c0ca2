using System.Buffers.Text;
using System.Text;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Jobs.Webhooks;

/// <summary>The secret that signs a tenant's webhooks. One tenant's never signs another's.</summary>
internal sealed class WebhookSecrets
{
    private const string Encoded = "whsec_";

    private readonly Dictionary<string, byte[]> _byTenant;
    private readonly byte[]? _shared;

    public WebhookSecrets(GatewayConfiguration configuration)
    {
        _byTenant = configuration.Tenants
            .Where(tenant => tenant.WebhookSecret is not null)
            .ToDictionary(tenant => tenant.Id, tenant => Bytes(tenant.WebhookSecret!), StringComparer.Ordinal);
        _shared = configuration.Tenants.Count == 0 && configuration.Jobs.WebhookSecret is { } secret ? Bytes(secret) : null;
    }

    public bool Has(string tenant) => Find(tenant) is not null;

    public byte[]? Find(string tenant) => _byTenant.GetValueOrDefault(tenant) ?? _shared;

    // As the Standard Webhooks libraries write secrets; anything else is taken as it stands.
    public static byte[] Bytes(string secret) =>
        secret.StartsWith(Encoded, StringComparison.Ordinal) && Base64.IsValid(secret.AsSpan(Encoded.Length))
            ? Convert.FromBase64String(secret[Encoded.Length..])
            : Encoding.UTF8.GetBytes(secret);
}
