using System.Net;
using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Authentication;

/// <summary>
/// Who may look at everything, and who may change things. Where admin keys are configured both take one, on this machine as well. Where none
/// are, being on this machine suffices to look; and to change things where no tenants are configured either, which is a person trying it out.
/// </summary>
internal sealed class OperatorGate
{
    private static readonly GatewayError NoKey = new(401, "admin_key_needed",
        "This is for operators. Send an admin key (one of admin.keys) as 'Authorization: Bearer <key>'.");

    private static readonly GatewayError NoKeys = new(403, "admin_keys_not_configured",
        "Changes need an admin key, and none is configured: set admin.keys in the configuration.");

    private static readonly GatewayError Elsewhere = new(403, "cross_site", "Changes are taken from the dashboard's own pages and from programs, not from other sites.");

    /// <summary>What a proxy on this machine adds to the requests of others.</summary>
    private static readonly string[] Forwarded =
        ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "X-Original-Host", "Via", "CF-Connecting-IP", "True-Client-IP"];

    private readonly GatewayConfiguration _configuration;
    private readonly GatewayOptions _options;
    private readonly TenantKeys _keys;

    public OperatorGate(GatewayConfiguration configuration, GatewayOptions options)
    {
        (_configuration, _options) = (configuration, options);
        _keys = new TenantKeys([new TenantConfiguration("admin", configuration.Admin.KeyHashes, 1, [], [])]);
    }

    /// <summary>Whether a request may see everything.</summary>
    public bool IsOperator(HttpContext context) => HasKey(context) || context.Features.Get<OperatorAccess>() is not null || IsAtHand(context);

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
        if (BrowserRequest.IsCrossSite(context.Request.Headers))
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

        return context.Features.Get<OperatorAccess>() is not null || (_configuration.Tenants.Count == 0 && IsAtHand(context)) ? null : NoKeys;
    }

    /// <summary>Whether a person on this machine, or a program of theirs, sent it, where no key could tell them apart.</summary>
    private bool IsAtHand(HttpContext context)
    {
        var headers = context.Request.Headers;
        return _configuration.Admin.KeyHashes.Count == 0
            && _options.LocalIsOperator
            && context.Connection.RemoteIpAddress is { } address
            && IPAddress.IsLoopback(address)
            && !Forwarded.Any(headers.ContainsKey)
            && BrowserRequest.NamesThisMachine(headers)
            && !BrowserRequest.IsCrossSite(headers);
    }

    private bool HasKey(HttpContext context) => _keys.Find(AdminKey.Of(context.Request.Headers)) is not null;
}

/// <summary>The admin key of a request.</summary>
internal static class AdminKey
{
    private const string Bearer = "Bearer ";
    private const int FingerprintLength = 8;

    /// <summary>The key; empty where there is none.</summary>
    public static ReadOnlySpan<char> Of(IHeaderDictionary headers)
    {
        var text = headers.Authorization.ToString();
        return text.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? text.AsSpan(Bearer.Length).Trim() : default;
    }

    /// <summary>The beginning of the key's SHA-256, as the configuration has it: tells keys apart and gives none away.</summary>
    public static string Fingerprint(IHeaderDictionary headers) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Of(headers).ToString())))[..FingerprintLength];
}

/// <summary>A feature of a request that a host's own front door let in as an operator's: it may see every tenant.</summary>
public sealed record OperatorAccess;
