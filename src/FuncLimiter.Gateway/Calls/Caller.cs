using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Calls;

/// <summary>Who calls and what for, for fairness and for cost.</summary>
/// <param name="Tenant">The tenant's id.</param>
/// <param name="User">The tenant's own name for its user, or null.</param>
/// <param name="Priority">The call's class.</param>
/// <param name="Workflow">The workflow's name, or null.</param>
/// <param name="Step">The step's name, or null.</param>
/// <param name="Run">The run's id, or null.</param>
public sealed record Caller(string Tenant, string? User, Priority Priority, string? Workflow, string? Step, string? Run)
{
    /// <summary>Whether the caller says that smaller models may serve it; null leaves that to the route's rules.</summary>
    public Diversion? Tier { get; init; }

    /// <summary>Whether the caller says that this is its run's closing call, which may use what the run's budget keeps for it.</summary>
    public bool IsClosing { get; init; }
}

/// <summary>Whose key a request carried; a feature of its <c>HttpContext</c> from authentication on.</summary>
/// <param name="Tenant">The tenant's id.</param>
/// <param name="HighestPriority">The highest class that its calls may claim.</param>
public sealed record AuthenticatedTenant(string Tenant, Priority HighestPriority = Priority.Interactive);
