namespace FuncLimiter.Simulation.Fleets;

/// <summary>Where a fleet stands, for a live display.</summary>
/// <param name="Elapsed">Since it began.</param>
/// <param name="Calls">Calls begun.</param>
/// <param name="Ok">Calls answered.</param>
/// <param name="Refused429">429s that agents saw.</param>
/// <param name="Failed">Calls given up for other reasons.</param>
/// <param name="Tokens">Tokens of the answered calls.</param>
/// <param name="Waiting">Calls without an answer yet, by priority.</param>
/// <param name="Answered">Calls answered, by priority.</param>
public sealed record FleetProgress(
    TimeSpan Elapsed,
    long Calls,
    long Ok,
    long Refused429,
    long Failed,
    long Tokens,
    IReadOnlyDictionary<FleetPriority, long> Waiting,
    IReadOnlyDictionary<FleetPriority, long> Answered)
{
    /// <summary>Calls given up after their last retry was refused with 429.</summary>
    public long GaveUp { get; init; }

    /// <inheritdoc cref="FleetReport.UntilAnswer"/>
    public IReadOnlyDictionary<FleetPriority, WaitReport> UntilAnswer { get; init; } = new Dictionary<FleetPriority, WaitReport>();
}
