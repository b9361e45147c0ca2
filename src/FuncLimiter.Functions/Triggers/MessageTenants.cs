using FuncLimiter.Gateway.Errors;
using FuncLimiter.Gateway.Http.Authentication;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Functions.Triggers;

/// <summary>Tells whose a message is: by the same keys as HTTP, carried in the message's properties under the names of the headers.</summary>
internal sealed class MessageTenants(TenantGate gate)
{
    private static readonly string[] Names = ["Authorization", "x-api-key", "api-key", "X-Tenant"];

    /// <summary>The tenant, or what is wrong with its key.</summary>
    public string? Find(IReadOnlyDictionary<string, object> properties, out GatewayError? error)
    {
        var headers = new HeaderDictionary();
        foreach (var name in Names)
        {
            var value = properties.FirstOrDefault(property => property.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
            if (value is string text)
            {
                headers[name] = text;
            }
        }

        return gate.Find(headers, out error);
    }
}
