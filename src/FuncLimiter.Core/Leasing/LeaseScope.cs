namespace FuncLimiter.Core.Leasing;

/// <summary>
/// Which budgets have one owner. An account's belong together with its deployments'. Tenants are spread over a few owners, since an ask
/// for many budgets costs one operation: one owner a tenant would cost as many as there are tenants.
/// </summary>
internal static class LeaseScope
{
    private const string AccountPrefix = "account:";
    private const string TenantPrefix = "tenant:";
    private const string TenantsPrefix = "tenants:";

    /// <summary>The scope that owns a tenant's budget.</summary>
    public static string OfTenant(string budget, LeasePolicy policy)
    {
        // The same in every process and for ever, as string.GetHashCode is not.
        var hash = 2166136261U;
        foreach (var letter in budget)
        {
            hash = unchecked((hash ^ letter) * 16777619U);
        }

        return FormattableString.Invariant($"{TenantsPrefix}{hash % (uint)policy.TenantOwners}");
    }

    public static bool IsAccount(string scope) => scope.StartsWith(AccountPrefix, StringComparison.Ordinal);

    public static bool IsTenants(string scope) => scope.StartsWith(TenantsPrefix, StringComparison.Ordinal);

    /// <summary>The account's id in the name of its scope.</summary>
    public static string AccountOf(string scope) => scope[AccountPrefix.Length..];

    /// <summary>The tenant's id in the name of its budget; null where that is another budget's.</summary>
    public static string? TenantOf(string budget) => budget.StartsWith(TenantPrefix, StringComparison.Ordinal) ? budget[TenantPrefix.Length..] : null;
}
