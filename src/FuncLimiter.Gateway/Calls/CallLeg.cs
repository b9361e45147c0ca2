using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Pacing;

namespace FuncLimiter.Gateway.Calls;

/// <summary>How a leg of a call is run.</summary>
/// <param name="Patience">The longest wait within it.</param>
/// <param name="Seed">What the call's jitter is drawn from; the same for every leg.</param>
/// <param name="Deadline">The latest instant at which an attempt may begin.</param>
public sealed record CallTerms(TimeSpan Patience, ulong Seed, Instant Deadline)
{
    /// <summary>Whether a provider's batch service may take the call.</summary>
    public bool BatchAllowed { get; init; }

    /// <summary>How the call is paced; null for the usual.</summary>
    public PacingPolicy? Policy { get; init; }
}

/// <summary>A part of a call's life.</summary>
/// <param name="State">Where the call stands; to be handed in again to go on.</param>
/// <param name="Action">What is next: a wait, a provider's batch service, or nothing any more.</param>
/// <param name="Result">The answer; null until the call is over.</param>
public sealed record CallLeg(PacingState State, PacingAction Action, CallResult? Result);
