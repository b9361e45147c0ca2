using System.Net;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Authentication;

/// <summary>
/// Who may look at everything, and who may change things. Where admin keys are configured both take one, on this machine as well. Where none
/// are, being on this machine suffices to look; and to change things where no tenants are configured either, which is a person trying it out.
/// </summary>
internal sealed class OperatorGate(GatewayConfiguration configuration, GatewayOptions options, TimeProvider time)
{
    private static readonly GatewayError NoKey = new(401, "admin_key_needed",
        "This is for operators. Send an admin key (one of admin.keys) as 'Authorization: Bearer <key>'.");

    private static readonly GatewayError NoKeys = new(403, "admin_keys_not_configured",
        "Changes need an admin key, and none is configured: set admin.keys in the configuration.");

    private static readonly GatewayError LooksOnly = new(403, "key_not_for_this", "This admin key is for looking alone: its scope in admin.keys has no \"change\".");

    private static readonly GatewayError Elsewhere = new(403, "cross_site", "Changes are taken from the dashboard's own pages and from programs, not from other sites.");

    private readonly TenantKeys _keys = new([new TenantConfiguration("admin", configuration.Admin.Keys, 1, [], [])]);

    /// <summary>Whether a request may see everything.</summary>
    public bool IsOperator(HttpContext context) => KeyOf(context, KeyUse.Look) is not null || context.Features.Get<OperatorAccess>() is not null || IsAtHand(context);

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

    /// <summary>Who asks for a change, for the audit: the key's name, or <c>local</c>. Null where it may not; then it is answered.</summary>
    public async Task<string?> ActorAsync(HttpContext context)
    {
        if (FaultOf(context) is { } fault)
        {
            await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, fault);
            return null;
        }

        return KeyOf(context, KeyUse.Change) is { } key ? $"key {key.Name}" : "local";
    }

    private GatewayError? FaultOf(HttpContext context)
    {
        if (BrowserRequest.IsCrossSite(context.Request.Headers))
        {
            return Elsewhere;
        }

        if (KeyOf(context, KeyUse.Change) is not null)
        {
            return null;
        }

        if (KeyOf(context, KeyUse.Look) is not null)
        {
            return LooksOnly;
        }

        if (configuration.Admin.Keys.Count > 0)
        {
            return NoKey;
        }

        return context.Features.Get<OperatorAccess>() is not null || (configuration.Tenants.Count == 0 && IsAtHand(context)) ? null : NoKeys;
    }

    /// <summary>Whether a person on this machine, or a program of theirs, sent it, where no key could tell them apart.</summary>
    private bool IsAtHand(HttpContext context)
    {
        var headers = context.Request.Headers;
        return configuration.Admin.Keys.Count == 0
            && options.LocalIsOperator
            && context.Connection.RemoteIpAddress is { } address
            && IPAddress.IsLoopback(address)
            && !headers.Keys.Any(ProxyHeaders.Contain)
            && BrowserRequest.NamesThisMachine(headers)
            && !BrowserRequest.IsCrossSite(headers);
    }

    private AccessKey? KeyOf(HttpContext context, KeyUse use) =>
        _keys.Find(AdminKey.Of(context.Request.Headers)) is var (_, key) && key.Allows(use) && !key.IsExpired(time.GetUtcNow()) ? key : null;
}

/// <summary>The admin key of a request.</summary>
internal static class AdminKey
{
    private const string Bearer = "Bearer ";

    /// <summary>The key; empty where there is none.</summary>
    public static ReadOnlySpan<char> Of(IHeaderDictionary headers)
    {
        var text = headers.Authorization.ToString();
        return text.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? text.AsSpan(Bearer.Length).Trim() : default;
    }
}

/// <summary>A feature of a request that a host's own front door let in as an operator's: it may see every tenant.</summary>
internal sealed record OperatorAccess;
