using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Gateway.Jobs;

/// <summary>Calls of jobs that wait for the same budgets, and so for each other.</summary>
/// <param name="Priority">Their class.</param>
/// <param name="Tenant">Whose.</param>
/// <param name="Name">The model asked for, and the user where the tenant's users have limits of their own.</param>
public readonly record struct JobLane(Priority Priority, string Tenant, string Name)
{
    /// <summary>The lane of a call.</summary>
    public static JobLane Of(JobItem item) => new(item.Call.Priority, item.Tenant, item.Call.Lane);
}

/// <summary>What lanes hold now.</summary>
/// <param name="Held">How many calls of each are under way or wait for admission.</param>
/// <param name="Closed">Lanes of which none may be taken now: the limiter has just refused one of theirs.</param>
public sealed record JobLanes(IReadOnlyDictionary<JobLane, int> Held, IReadOnlySet<JobLane> Closed);
