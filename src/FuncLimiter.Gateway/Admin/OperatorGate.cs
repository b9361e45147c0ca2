using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Errors;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Endpoints;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Admin;

/// <summary>
/// Who may look at everything, and who may change things. Looking takes an admin key, or to be on this machine. Changing takes an admin
/// key; only where neither admin keys nor tenants are configured, which is a person trying it out, does being on this machine suffice.
/// </summary>
internal sealed class OperatorGate
{
    private static readonly GatewayError NoKey = new(401, "admin_key_needed",
        "This is for operators. Send an admin key (one of admin.keys) as 'Authorization: Bearer <key>'.");

    private static readonly GatewayError NoKeys = new(403, "admin_keys_not_configured",
        "Changes need an admin key, and none is configured: set admin.keys in the configuration.");

    private static readonly GatewayError Elsewhere = new(403, "cross_site", "Changes are taken from the dashboard's own pages and from programs, not from other sites.");

    private readonly GatewayConfiguration _configuration;
    private readonly GatewayOptions _options;
    private readonly TenantKeys _keys;

    public OperatorGate(GatewayConfiguration configuration, GatewayOptions options)
    {
        (_configuration, _options) = (configuration, options);
        _keys = new TenantKeys([new TenantConfiguration("admin", configuration.Admin.KeyHashes, 1, [], [])]);
    }

    /// <summary>Whether a request may see everything.</summary>
    public bool IsOperator(HttpContext context) => HasKey(context) || ReportScope.IsOperator(context, _options);

    /// <summary>Whether a request may see everything; answers it where it may not.</summary>
    public async Task<bool> MayLookAsync(HttpContext context)
    {
        if (IsOperator(context))
        {
            return true;
        }

        await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, NoKey);
        return false;
    }

    /// <summary>Who asks for a change, for the audit: the key's beginning as it is stored, or <c>local</c>. Null where it may not; then it is answered.</summary>
    public async Task<string?> ActorAsync(HttpContext context)
    {
        if (FaultOf(context) is { } fault)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, fault);
            return null;
        }

        return HasKey(context) ? $"key {AdminKey.Fingerprint(context.Request.Headers)}" : "local";
    }

    private GatewayError? FaultOf(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site && site is not ("same-origin" or "none"))
        {
            return Elsewhere;
        }

        if (HasKey(context))
        {
            return null;
        }

        if (_configuration.Admin.KeyHashes.Count > 0)
        {
            return NoKey;
        }

        var isTrial = _configuration.Tenants.Count == 0 && ReportScope.IsOperator(context, _options) && IsLocalName(context.Request.Host.Host);
        return isTrial || context.Features.Get<OperatorAccess>() is not null ? null : NoKeys;
    }

    // A name that leads here without being this machine's is somebody's page in a browser on it.
    private static bool IsLocalName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (System.Net.IPAddress.TryParse(host.Trim('[', ']'), out var address) && System.Net.IPAddress.IsLoopback(address));

    private bool HasKey(HttpContext context) => _keys.Find(AdminKey.Of(context.Request.Headers)) is not null;
}
