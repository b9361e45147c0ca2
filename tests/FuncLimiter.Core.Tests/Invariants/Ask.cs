using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>A call as a history makes it: what a limiter under test is asked.</summary>
/// <param name="Id">Unique within a history.</param>
/// <param name="Route">The route asked for.</param>
/// <param name="Tenant">Who asks.</param>
/// <param name="Consumer">The charge of the tenant and the user.</param>
/// <param name="Provider">The charge at each place of the route.</param>
internal sealed record Ask(int Id, string Route, string Tenant, Charge Consumer, Charge[] Provider)
{
    public string? User { get; init; }

    public Priority Priority { get; init; } = Priority.Standard;

    /// <summary>Who makes it, where that is known.</summary>
    public long Caller { get; init; }

    public TimeSpan? MaxWait { get; init; }

    public ulong Excluded { get; init; }

    public TimeSpan? ExpiresAfter { get; init; }
}

/// <summary>What became of an ask.</summary>
/// <param name="Id">Which.</param>
/// <param name="Place">The place of the route that serves it; -1 where it was refused.</param>
/// <param name="Refusal">Why it was refused; null where it was admitted.</param>
internal sealed record Outcome(int Id, int Place, Refusal? Refusal);
