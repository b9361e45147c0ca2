namespace FuncLimiter.Gateway.Operations.Alerts.Causes;

/// <summary>Whose taking counts for a budget.</summary>
/// <param name="Deployment">The deployment, for a deployment's budget.</param>
/// <param name="Account">What the deployments of an account's budget begin with.</param>
/// <param name="Tenant">The tenant, for a tenant's budget.</param>
internal readonly record struct Scope(string? Deployment, string? Account, string? Tenant)
{
    private IReadOnlySet<string>? Sharers { get; init; }

    /// <summary>The scope of a budget.</summary>
    /// <param name="budget">The budget's name.</param>
    /// <param name="sharers">The deployments that count against a shared limit, by its id.</param>
    public static Scope Of(string budget, Func<string, IReadOnlySet<string>> sharers) => budget.Split(':', 2) switch
    {
        ["shared", var id] => new(null, null, null) { Sharers = sharers(id) },
        ["deployment", var id] => new(id, null, null),
        ["account", var id] => new(null, id + "/", null),
        ["tenant", var id] => new(null, null, id),
        _ => new(budget, null, null),
    };

    /// <summary>Whether a consumer takes of it.</summary>
    public bool Has(in Consumer consumer) =>
        Sharers is not null ? Sharers.Contains(consumer.Deployment)
        : Deployment is not null ? consumer.Deployment == Deployment
        : Account is not null ? consumer.Deployment.StartsWith(Account, StringComparison.Ordinal)
        : consumer.Tenant == Tenant;
}

/// <summary>Who takes of a deployment.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Deployment">The deployment as <c>account/model</c>.</param>
/// <param name="Tenant">The tenant it belongs to.</param>
/// <param name="Name">Its name; the tenant's own for a tenant.</param>
internal readonly record struct Consumer(ConsumerKind Kind, string Deployment, string Tenant, string Name);

/// <summary>What may drive a budget's use, from the widest to the narrowest.</summary>
internal enum ConsumerKind
{
    /// <summary>A tenant.</summary>
    Tenant,

    /// <summary>A workflow of a tenant.</summary>
    Workflow,

    /// <summary>A step of a workflow.</summary>
    Step,

    /// <summary>A user of a tenant.</summary>
    User,

    /// <summary>A run whose calls name no user.</summary>
    Run,

    /// <summary>A priority class, of all tenants.</summary>
    Class,
}
