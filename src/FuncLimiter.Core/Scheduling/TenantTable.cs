using System.Collections.Frozen;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;

namespace FuncLimiter.Core.Scheduling;

/// <summary>The tenants: those configured, and as many others as it takes, up to a bound; past that, others share one.</summary>
internal sealed class TenantTable
{
    private const int MostOthers = 10_000;
    private const string Overflow = "(others)";
    private readonly FrozenDictionary<string, Tenant> configured;
    private readonly Dictionary<string, Tenant> others = new(StringComparer.Ordinal);
    private readonly LimiterSpec spec;
    private readonly Action<Budget> made;
    private readonly LeaseDesk? leases;

    /// <summary>The table with the configured tenants in it.</summary>
    /// <param name="spec">Who is configured, and what others get.</param>
    /// <param name="made">Is told of each budget made.</param>
    /// <param name="leases">Leases users' budgets; null where they are owned here.</param>
    public TenantTable(LimiterSpec spec, Action<Budget> made, LeaseDesk? leases)
    {
        this.leases = leases;
        this.spec = spec;
        this.made = made;
        configured = spec.Tenants.Select(tenant => Make(tenant.Id, tenant)).ToFrozenDictionary(tenant => tenant.Id, StringComparer.Ordinal);
    }

    public IEnumerable<Tenant> All => configured.Values.Concat(others.Values);

    /// <summary>How many there are.</summary>
    public int Count => configured.Count + others.Count;

    /// <summary>A tenant that has been here, or is configured; null for others.</summary>
    public Tenant? Known(string id) => configured.GetValueOrDefault(id) ?? others.GetValueOrDefault(id);

    public Tenant Find(string id)
    {
        if (configured.TryGetValue(id, out var tenant) || others.TryGetValue(id, out tenant))
        {
            return tenant;
        }

        if (others.Count >= MostOthers && id != Overflow)
        {
            return Find(Overflow);
        }

        tenant = Make(id, spec.OtherTenants);
        others.Add(id, tenant);
        return tenant;
    }

    /// <summary>Takes in a further tenant; false where it is there already, whose limits on further routes hold from now on.</summary>
    public bool Admit(TenantSpec tenantSpec)
    {
        if (Known(tenantSpec.Id) is { } known)
        {
            foreach (var budget in known.Limit(tenantSpec.RouteLimits))
            {
                made(budget);
            }

            return false;
        }

        others.Add(tenantSpec.Id, Make(tenantSpec.Id, tenantSpec));
        return true;
    }

    private Tenant Make(string id, TenantSpec tenantSpec)
    {
        var tenant = new Tenant(id, tenantSpec, spec.Queue.MaxUsers, leases);
        foreach (var budget in tenant.Budgets)
        {
            made(budget);
        }

        return tenant;
    }
}
