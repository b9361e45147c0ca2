using FuncLimiter.Gateway.Operators;

namespace FuncLimiter.Gateway.Dashboard;

/// <summary>One tenant as the page shows it.</summary>
internal readonly record struct TenantRow(
    string Id, double Weight, double Share, double Fair, int Waiting, double OldestSeconds, long Admitted, long Refused, double? CostUsd, long Unpriced)
{
    /// <summary>A tenant's row.</summary>
    public static TenantRow Of(in TenantShare tenant) => new(
        tenant.Id, tenant.Weight, Math.Round(tenant.Share, 4), Math.Round(tenant.Fair, 4), tenant.Waiting, Math.Round(tenant.OldestSeconds, 1),
        tenant.Admitted, tenant.Refused, tenant.CostUsd is { } cost ? Math.Round(cost, 4) : null, tenant.Unpriced);
}
