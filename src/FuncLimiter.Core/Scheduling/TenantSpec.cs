using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>One tenant, as the limiter sees it.</summary>
/// <param name="Id">Unique.</param>
/// <param name="Weight">Its share against other tenants; above 0.</param>
/// <param name="Limits">Its own limits.</param>
/// <param name="UserLimits">The limits of each of its users.</param>
public sealed record TenantSpec(string Id, double Weight, IReadOnlyList<Limit> Limits, IReadOnlyList<Limit> UserLimits);
