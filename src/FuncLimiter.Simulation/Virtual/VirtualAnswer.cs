using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Virtual;

/// <summary>What a provider says to a call on its arrival.</summary>
/// <param name="Outcome">What becomes of it.</param>
/// <param name="RetryAfterSeconds">For a refusal: when to come back, as the provider tells it; null where it tells nothing.</param>
/// <param name="Dimension">For a refusal: the limit that refused.</param>
public readonly record struct VirtualAnswer(VirtualOutcome Outcome, double? RetryAfterSeconds = null, LimitDimension? Dimension = null)
{
    /// <summary>Whether the call was taken: it is charged, and must be ended.</summary>
    public bool IsTaken => Outcome is VirtualOutcome.Answered or VirtualOutcome.Failed or VirtualOutcome.Silent;
}
