namespace FuncLimiter.Gateway.Calls;

/// <summary>Whose key a request carried; a feature of its <c>HttpContext</c> from authentication on.</summary>
/// <param name="Tenant">The tenant's id.</param>
public sealed record AuthenticatedTenant(string Tenant);
