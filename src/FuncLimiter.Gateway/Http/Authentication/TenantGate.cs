using FuncLimiter.Gateway.Errors;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Authentication;

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
