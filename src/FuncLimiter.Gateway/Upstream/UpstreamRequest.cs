using System.Net;
using System.Security.Cryptography;
using System.Text;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Headers;
using FuncLimiter.Gateway.Telemetry;
using FuncLimiter.Providers;

namespace FuncLimiter.Gateway.Upstream;

/// <summary>Puts a caller's request in the form in which a deployment takes it.</summary>
internal static class UpstreamRequest
{
    /// <summary>The request to send.</summary>
    /// <param name="attempt">The call, and where it goes.</param>
    /// <param name="content">The body as the deployment takes it.</param>
    public static HttpRequestMessage Create(Attempt attempt, HttpContent content)
    {
        var (call, deployment) = (attempt.Call, attempt.Deployment);
        var isCrossed = attempt.Crossing is not null;
        var address = call.Passed is { } passed ? deployment.Provider.PassedAddress(deployment.Target, passed.Path, call.Query)!
            : isCrossed
            ? deployment.Provider.AddressOfWire(deployment.Target, call.Facts.Stream)
            : deployment.Address(call.Facts.Operation, call.Query);
        var request = new HttpRequestMessage(call.Passed is null ? HttpMethod.Post : new HttpMethod(call.Passed.Method), address.Uri)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            Content = content,
        };
        foreach (var (name, value) in call.Headers)
        {
            if (isCrossed && CrossedHeaders.IsOfItsApi(name))
            {
                continue;
            }

            var printable = HeaderText.Printable(value);
            if (!request.Headers.TryAddWithoutValidation(name, printable))
            {
                content.Headers.TryAddWithoutValidation(name, printable);
            }
        }

        CallTrace.PassOn(request);
        if (isCrossed)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        }

        if (call.IdempotencyKey is { } key)
        {
            request.Headers.TryAddWithoutValidation(FuncLimiterHeaders.IdempotencyKey, KeyAtProvider(call.Caller.Tenant, key));
        }

        Authenticate(request, address);
        foreach (var (name, value) in address.Defaults)
        {
            if (!request.Headers.NonValidated.Contains(name))
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return request;
    }

    /// <summary>Says how the account is opened: by what the address sets in headers, or by a token that is set as the request is sent.</summary>
    internal static void Authenticate(HttpRequestMessage request, UpstreamAddress address)
    {
        foreach (var (name, value) in address.Headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (address.TokenScope is { } scope)
        {
            request.Options.Set(UpstreamAddress.TokenScopeOption, scope);
        }
    }

    /// <summary>Tenants share accounts: one tenant's key must never meet another's.</summary>
    private static string KeyAtProvider(string tenant, string key) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant}\n{key}")));
}
