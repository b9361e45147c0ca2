namespace FuncLimiter.Core.Budgets;

/// <summary>The state of one meter, for people and metrics.</summary>
/// <param name="Dimension">What is counted.</param>
/// <param name="WindowSeconds">The window in seconds; 0 for concurrency.</param>
/// <param name="Configured">The limit as configured, units per window.</param>
/// <param name="Effective">The limit in force, as learned, units per window.</param>
/// <param name="Capacity">The most that can be taken at once.</param>
/// <param name="Used">What is taken of the capacity now.</param>
/// <param name="ResetSeconds">Seconds until it is whole again if nothing more is taken.</param>
/// <param name="Total">What was taken since the start, less what was given back; what others took of the same limit is not in it.</param>
public sealed record MeterReport(
    Dimension Dimension, double WindowSeconds, long Configured, double Effective, double Capacity, double Used, double ResetSeconds, double Total = 0)
{
    /// <summary>What can be taken now.</summary>
    public double Remaining => Math.Max(0, Capacity - Used);
}

/// <summary>The state of one budget, for people and metrics.</summary>
/// <param name="Name">Scope and id, for example <c>deployment:openai-east/gpt-x</c>.</param>
/// <param name="Meters">Its meters.</param>
/// <param name="CooldownUntil">Until when the provider closed it; <see cref="Instant.Distant"/> when it is open.</param>
/// <param name="Utilization">The share of the tightest limit in use over its own window, 0 to 1.</param>
public sealed record BudgetReport(string Name, IReadOnlyList<MeterReport> Meters, Instant CooldownUntil, double Utilization);

/// <summary>What waits in one tenant's queue of one class.</summary>
/// <param name="Route">The route asked for.</param>
/// <param name="Tenant">The tenant.</param>
/// <param name="Priority">The class.</param>
/// <param name="Waiting">How many calls.</param>
/// <param name="OldestSeconds">How long the oldest has waited, in seconds.</param>
public sealed record QueueReport(string Route, string Tenant, Scheduling.Priority Priority, int Waiting, double OldestSeconds);

/// <summary>Everything a limiter knows, at one instant.</summary>
/// <param name="At">The instant.</param>
/// <param name="Budgets">All budgets with at least one meter or a cooldown.</param>
/// <param name="Queues">All queues with at least one waiting call.</param>
/// <param name="Waiting">How many calls wait in all.</param>
/// <param name="Admitted">Calls admitted since the start.</param>
/// <param name="Refused">Calls refused since the start.</param>
/// <param name="RateLimited">Failures for a rate limit that providers answered since the start.</param>
public sealed record LimiterReport(
    Instant At, IReadOnlyList<BudgetReport> Budgets, IReadOnlyList<QueueReport> Queues, int Waiting, long Admitted, long Refused, long RateLimited);
