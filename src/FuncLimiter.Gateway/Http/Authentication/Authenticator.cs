using System.Collections.Concurrent;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FuncLimiter.Gateway.Http.Authentication;

/// <summary>Tells whose request it is, from its key; where no tenants are configured, from <c>X-Tenant</c>.</summary>
internal sealed class Authenticator
{
    private const string DefaultTenant = "default";
    private const int MaxNameLength = 64;
    private const string Bearer = "Bearer ";

    /// <summary>Where clients send their key, each in its own way.</summary>
    private static readonly string[] KeyHeaders = [HeaderNames.Authorization, "x-api-key", "api-key", "x-goog-api-key"];

    private static readonly GatewayError MissingKey = new(401, "invalid_api_key",
        "No key was given. Send your FuncLimiter key as 'Authorization: Bearer <key>', 'x-api-key', 'api-key' or 'x-goog-api-key'.");

    private static readonly GatewayError WrongKey = new(401, "invalid_api_key", "The key given is not one of this FuncLimiter's tenants'.");

    private static readonly GatewayError BadTenant = GatewayError.BadRequest("invalid_tenant",
        $"X-Tenant must have 1 to {MaxNameLength} letters, digits, '.', '_' or '-'.", FuncLimiterHeaders.Tenant);

    private static readonly GatewayError Elsewhere = new(403, "cross_site",
        "No tenants are configured, so no key tells who calls: calls are taken from programs on this machine, not from pages of other sites.");

    private static readonly GatewayError OtherName = new(403, "unknown_host",
        "No tenants are configured, so this FuncLimiter serves its own machine only, as 'localhost' or by a loopback address.");

    private readonly TenantKeys _keys;
    private readonly ConcurrentDictionary<string, AuthenticatedTenant> _named = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AuthenticatedTenant> _configured;
    private readonly int _maxNamed;

    public Authenticator(GatewayConfiguration configuration, GatewayOptions options, TenantKeys keys)
    {
        _keys = keys;
        _maxNamed = options.MaxNamedTenants;
        _configured = configuration.Tenants.ToDictionary(
            tenant => tenant.Id, tenant => new AuthenticatedTenant(tenant.Id, tenant.HighestPriority), StringComparer.Ordinal);
    }

    /// <summary>The tenant of a request, or what is wrong with its key.</summary>
    public AuthenticatedTenant? Authenticate(IHeaderDictionary headers, out GatewayError? error)
    {
        error = null;
        return _configured.Count == 0 ? Named(headers, out error) : Keyed(headers, out error);
    }

    private AuthenticatedTenant? Keyed(IHeaderDictionary headers, out GatewayError? error)
    {
        error = MissingKey;
        foreach (var header in KeyHeaders)
        {
            if (!headers.TryGetValue(header, out var value) || KeyIn(value.ToString()) is not { IsEmpty: false } key)
            {
                continue;
            }

            // A client may send a key of somebody else's beside ours.
            if (_keys.Find(key) is { } tenant)
            {
                error = null;
                return _configured[tenant];
            }

            error = WrongKey;
        }

        return null;
    }

    private AuthenticatedTenant? Named(IHeaderDictionary headers, out GatewayError? error)
    {
        error = BrowserRequest.IsCrossSite(headers) ? Elsewhere : BrowserRequest.NamesThisMachine(headers) ? null : OtherName;
        if (error is not null)
        {
            return null;
        }

        var name = headers.TryGetValue(FuncLimiterHeaders.Tenant, out var value) ? value.ToString() : DefaultTenant;
        if (_named.TryGetValue(name, out var known))
        {
            return known;
        }

        if (name.Length is 0 or > MaxNameLength || !name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-'))
        {
            error = BadTenant;
            return null;
        }

        if (_named.Count >= _maxNamed && name != DefaultTenant)
        {
            error = GatewayError.BadRequest("too_many_tenants",
                $"X-Tenant named more than {_maxNamed} tenants. Configure tenants, or use fewer names.", FuncLimiterHeaders.Tenant);
            return null;
        }

        return _named.GetOrAdd(name, static id => new AuthenticatedTenant(id));
    }

    /// <summary>The key in a header's value, with or without <c>Bearer</c>.</summary>
    private static ReadOnlySpan<char> KeyIn(string value)
    {
        var text = value.AsSpan().Trim();
        return text.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? text[Bearer.Length..].Trim() : text;
    }
}

/// <summary>Tells whose a request is that came in another way than over HTTP, by the same keys.</summary>
public sealed class TenantGate
{
    private readonly Authenticator _authenticator;

    internal TenantGate(Authenticator authenticator) => _authenticator = authenticator;

    /// <summary>The tenant's id, or what is wrong with its key.</summary>
    /// <param name="headers">What the request carries, under the names of the headers of HTTP.</param>
    /// <param name="error">What is wrong.</param>
    public string? Find(IHeaderDictionary headers, out GatewayError? error) => _authenticator.Authenticate(headers, out error)?.Tenant;
}
