using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>
/// Which budgets have one owner. An account's belongs with its deployments', a limit that accounts share has one of its own. Tenants are spread over a few owners, since an ask for many
/// budgets costs one operation: an owner for each tenant would cost as many as there are tenants.
/// </summary>
public static class LeaseScope
{
    private const string Account = "account:";
    private const string Deployment = "deployment:";
    private const string Shared = "shared:";
    private const string Tenant = "tenant:";
    private const string Tenants = "tenants:";
    private const string User = "user:";

    /// <summary>The scope of an account and its deployments.</summary>
    public static string OfAccount(string account) => Account + account;

    /// <summary>The scope of a limit that several accounts share.</summary>
    /// <param name="sharedLimit">The shared limit's id.</param>
    public static string OfSharedLimit(string sharedLimit) => Shared + sharedLimit;

    /// <summary>The scope that a tenant is of.</summary>
    /// <param name="tenant">The tenant's id.</param>
    /// <param name="policy">Says how many there are.</param>
    public static string OfTenant(string tenant, LeasePolicy policy)
    {
        // The same in every process and for ever, as string.GetHashCode is not.
        var hash = 2166136261U;
        foreach (var letter in tenant)
        {
            hash = unchecked((hash ^ letter) * 16777619U);
        }

        return FormattableString.Invariant($"{Tenants}{hash % (uint)policy.TenantOwners}");
    }

    /// <summary>The scope of a provider's budget that the configuration names; null where it names none of that name.</summary>
    /// <param name="budget">The budget's name, as <c>deployment:openai-east/gpt-x</c>.</param>
    /// <param name="spec">The configuration.</param>
    public static string? OfProviders(string budget, LimiterSpec spec) =>
        spec.Deployments.FirstOrDefault(deployment => Deployment + deployment.Id == budget) is { } found ? OfAccount(found.Account)
        : spec.Accounts.Any(account => OfAccount(account.Id) == budget) || spec.SharedLimits.Any(shared => OfSharedLimit(shared.Id) == budget) ? budget
        : null;

    /// <summary>The budgets of a scope that the configuration names, with their limits; none where there is no such scope.</summary>
    /// <param name="scope">The scope.</param>
    /// <param name="spec">The configuration.</param>
    /// <param name="policy">Says how many scopes of tenants there are.</param>
    public static IReadOnlyDictionary<string, IReadOnlyList<Limit>> Budgets(string scope, LimiterSpec spec, LeasePolicy policy)
    {
        var budgets = new Dictionary<string, IReadOnlyList<Limit>>(StringComparer.Ordinal);
        foreach (var account in spec.Accounts.Where(account => OfAccount(account.Id) == scope))
        {
            budgets.Add(Account + account.Id, account.Limits);
        }

        foreach (var deployment in spec.Deployments.Where(deployment => OfAccount(deployment.Account) == scope))
        {
            budgets.Add(Deployment + deployment.Id, deployment.Limits);
        }

        foreach (var shared in spec.SharedLimits.Where(shared => OfSharedLimit(shared.Id) == scope))
        {
            budgets.Add(scope, shared.Limits);
        }

        foreach (var tenant in spec.Tenants)
        {
            foreach (var (id, limits) in tenant.RouteLimits.Select(route => ($"{tenant.Id}/{route.Key}", route.Value)).Prepend((tenant.Id, tenant.Limits)))
            {
                if (OfTenant(id, policy) == scope)
                {
                    budgets.Add(Tenant + id, limits);
                }
            }
        }

        return budgets;
    }

    /// <summary>
    /// The tenant and the limits of the user whose budget has a name, as <c>user:acme/ann</c>; null where it is no user's, or the tenant's
    /// users have no limits.
    /// </summary>
    internal static (string Tenant, IReadOnlyList<Limit> Limits)? UserOf(string budget, LimiterSpec spec)
    {
        if (!budget.StartsWith(User, StringComparison.Ordinal) || budget.IndexOf('/') is var end && end < 0)
        {
            return null;
        }

        var tenant = spec.Tenants
            .Where(tenant => budget.Length > User.Length + tenant.Id.Length && budget[User.Length + tenant.Id.Length] == '/'
                && string.CompareOrdinal(budget, User.Length, tenant.Id, 0, tenant.Id.Length) == 0)
            .MaxBy(tenant => tenant.Id.Length);
        var limits = (tenant ?? spec.OtherTenants).UserLimits;
        return limits.Count == 0 ? null : (tenant?.Id ?? budget[User.Length..end], limits);
    }

    /// <summary>The limits of a tenant, or of a tenant on a route, as <c>acme/gpt-x</c>.</summary>
    internal static IReadOnlyList<Limit> LimitsOf(string id, LimiterSpec spec)
    {
        foreach (var tenant in spec.Tenants)
        {
            if (tenant.Id == id)
            {
                return tenant.Limits;
            }

            if (tenant.RouteLimits.Count > 0 && id.Length > tenant.Id.Length && id[tenant.Id.Length] == '/' && id.StartsWith(tenant.Id, StringComparison.Ordinal)
                && tenant.RouteLimits.TryGetValue(id[(tenant.Id.Length + 1)..], out var limits))
            {
                return limits;
            }
        }

        return spec.OtherTenants.Limits;
    }

    internal static bool IsUser(string budget) => budget.StartsWith(User, StringComparison.Ordinal);

    /// <summary>Whether a scope is of tenants.</summary>
    /// <param name="scope">The scope.</param>
    public static bool IsTenants(string scope) => scope.StartsWith(Tenants, StringComparison.Ordinal);

    /// <summary>The tenant's id in the name of its budget, with the route's name after it where it is for one; null where that is another budget's.</summary>
    public static string? TenantOf(string budget) => budget.StartsWith(Tenant, StringComparison.Ordinal) ? budget[Tenant.Length..] : null;
}
