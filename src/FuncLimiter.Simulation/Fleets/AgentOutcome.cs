namespace FuncLimiter.Simulation.Fleets;

/// <summary>How an agent's call ended.</summary>
internal enum AgentOutcomeKind
{
    Answered,
    GaveUp,
    Failed,
    Abandoned,
}

/// <summary>The end of a call.</summary>
/// <param name="Kind">How.</param>
/// <param name="Tokens">Tokens by the answer's usage.</param>
/// <param name="WaitMs">What it waited.</param>
/// <param name="LatencyMs">From the first try to the answer's headers.</param>
/// <param name="Failure">The status or the exception, where it failed.</param>
internal readonly record struct AgentOutcome(AgentOutcomeKind Kind, long Tokens, double WaitMs, double LatencyMs, string? Failure);
