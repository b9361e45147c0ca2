using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core;

/// <summary>What a limiter is made from. References between its parts must hold; the configuration reader sees to that.</summary>
public sealed record LimiterSpec
{
    /// <summary>The accounts.</summary>
    public required IReadOnlyList<AccountSpec> Accounts { get; init; }

    /// <summary>Limits that deployments of several accounts share.</summary>
    public IReadOnlyList<SharedLimitSpec> SharedLimits { get; init; } = [];

    /// <summary>Budgets of which a provider may count several together, though no person wrote so: those of one model, or of one provider.</summary>
    public IReadOnlyList<KinSpec> Kin { get; init; } = [];

    /// <summary>The deployments.</summary>
    public required IReadOnlyList<DeploymentSpec> Deployments { get; init; }

    /// <summary>The routes.</summary>
    public required IReadOnlyList<RouteSpec> Routes { get; init; }

    /// <summary>The tenants known by name.</summary>
    public IReadOnlyList<TenantSpec> Tenants { get; init; } = [];

    /// <summary>What any other tenant gets: weight and limits.</summary>
    public TenantSpec OtherTenants { get; init; } = new("default", 1, [], []);

    /// <summary>When routes count as under pressure.</summary>
    public PressurePolicy Pressure { get; init; } = new();

    /// <summary>Bounds and floors of the queue.</summary>
    public QueuePolicy Queue { get; init; } = new();

    /// <summary>
    /// Where set, the budgets are somebody else's, and nothing is taken that is not leased from their owners.
    /// </summary>
    public LeaseTerms? Leases { get; init; }

    /// <summary>Where set, nothing is taken that no checkpoint of the durable state allows.</summary>
    public bool IsDurable { get; init; }
}
