using System.Collections.Concurrent;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FuncLimiter.Gateway.Http.Authentication;

/// <summary>Tells whose request it is, from its key; where no tenants are configured, from <c>X-Tenant</c>.</summary>
internal sealed class Authenticator(GatewayConfiguration configuration, GatewayOptions options, TenantKeys keys, TimeProvider time)
{
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

    private readonly ConcurrentDictionary<string, AuthenticatedTenant> _named = new(StringComparer.Ordinal);
    private readonly bool _isKeyed = configuration.Tenants.Count > 0;
    private readonly int _maxNamed = options.MaxNamedTenants;

    /// <summary>The tenant of a request, or what is wrong with its key.</summary>
    /// <param name="use">What the key is used for; null for what any key of the tenant's may do.</param>
    public AuthenticatedTenant? Authenticate(IHeaderDictionary headers, KeyUse? use, out GatewayError? error)
    {
        error = null;
        return _isKeyed ? Keyed(headers, use, out error) : Named(headers, out error);
    }

    private AuthenticatedTenant? Keyed(IHeaderDictionary headers, KeyUse? use, out GatewayError? error)
    {
        error = MissingKey;
        foreach (var header in KeyHeaders)
        {
            if (!headers.TryGetValue(header, out var value) || KeyIn(value.ToString()) is not { IsEmpty: false } key)
            {
                continue;
            }

            // A client may send a key of somebody else's beside ours.
            if (keys.Find(key) is not var (tenant, known))
            {
                error = WrongKey;
                continue;
            }

            error = Fault(known, use);
            return error is null ? keys.Tenant(tenant) : null;
        }

        return null;
    }

    private GatewayError? Fault(AccessKey key, KeyUse? use) =>
        key.IsExpired(time.GetUtcNow())
            ? new GatewayError(401, "key_expired", $"The key {key.Name} was taken until {key.Expires:yyyy-MM-dd}. Ask your operators for a new one.")
            : use is { } asked && !key.Allows(asked)
                ? new GatewayError(403, "key_not_for_this", $"The key {key.Name} is for {Uses(key)} alone. Ask your operators for one that is for {asked.ToString().ToLowerInvariant()} too.")
                : null;

    private static string Uses(AccessKey key) => string.Join(", ", key.Scope!.Order().Select(static use => use.ToString().ToLowerInvariant()));

    private AuthenticatedTenant? Named(IHeaderDictionary headers, out GatewayError? error)
    {
        error = BrowserRequest.IsCrossSite(headers) ? Elsewhere : BrowserRequest.NamesThisMachine(headers) ? null : OtherName;
        if (error is not null)
        {
            return null;
        }

        var name = headers.TryGetValue(FuncLimiterHeaders.Tenant, out var value) ? value.ToString() : GatewayConfiguration.DefaultTenant;
        if (_named.TryGetValue(name, out var known))
        {
            return known;
        }

        if (name.Length is 0 or > MaxNameLength || !name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-'))
        {
            error = BadTenant;
            return null;
        }

        if (_named.Count >= _maxNamed && name != GatewayConfiguration.DefaultTenant)
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

/// <summary>Tells whose a request is that came as a message: a job, by the same keys as over HTTP.</summary>
internal sealed class TenantGate(Authenticator authenticator)
{
    /// <summary>The tenant's id, or what is wrong with its key.</summary>
    /// <param name="headers">What the request carries, under the names of the headers of HTTP.</param>
    public string? Find(IHeaderDictionary headers, out GatewayError? error) => authenticator.Authenticate(headers, KeyUse.Jobs, out error)?.Tenant;
}
