namespace FuncLimiter.Core.Estimation;

/// <summary>What calls are alike in: the model, and the caller's own names for the work.</summary>
/// <param name="Model">The model at the provider, as configured.</param>
/// <param name="Workflow">The workflow's name, or null.</param>
/// <param name="Step">The step's name within the workflow, or null.</param>
public readonly record struct EstimateKey(string Model, string? Workflow = null, string? Step = null)
{
    /// <summary>
    /// Whose call it is, or null for nobody's in particular. What one tenant's calls teach, others are judged by only as long as nothing
    /// of their own is known, and then within bounds.
    /// </summary>
    public string? Tenant { get; init; }

    /// <summary>The longest name that is kept, in characters; a longer one counts as not given.</summary>
    public const int MaxNameLength = 200;

    /// <summary>The same key without names that are empty or too long to be kept.</summary>
    internal EstimateKey Bounded() => new(Name(Model) ?? "", Name(Workflow), Name(Step)) { Tenant = Name(Tenant) };

    /// <summary>True for a whole model: there is no wider key.</summary>
    internal bool IsWidest => IsTenants && Tenant is null;

    /// <summary>True for all that a tenant does with a model.</summary>
    internal bool IsTenants => Workflow is null && Step is null;

    /// <summary>The next wider key: the workflow of a step, the tenant of a workflow, the model of a tenant.</summary>
    internal EstimateKey Wider() => Step is not null && Workflow is not null ? this with { Step = null }
        : IsTenants ? new(Model)
        : new(Model) { Tenant = Tenant };

    private static string? Name(string? name) => name is { Length: > 0 and <= MaxNameLength } ? name : null;
}
