using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Calls;

/// <summary>Whose key a request carried; a feature of its <c>HttpContext</c> from authentication on.</summary>
/// <param name="Tenant">The tenant's id.</param>
/// <param name="HighestPriority">The highest class that its calls may claim.</param>
public sealed record AuthenticatedTenant(string Tenant, Priority HighestPriority = Priority.Interactive);
