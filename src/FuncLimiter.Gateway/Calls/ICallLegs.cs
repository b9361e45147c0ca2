using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Pacing;

namespace FuncLimiter.Gateway.Calls;

/// <summary>Carries calls in legs, so that a host can sleep through a long wait without keeping the call in memory.</summary>
internal interface ICallLegs
{
    /// <summary>
    /// Goes on with a call until it is over, or must wait longer than the terms allow. Whatever was reserved is settled then. One that waits
    /// for room only asks for it again, also before its time (<see cref="PacingState.WaitsForRoom"/>).
    /// </summary>
    /// <param name="state">Where it stands; <see cref="PacingState.New"/> at first.</param>
    /// <param name="terms">How this leg is run.</param>
    /// <param name="cancellationToken">Gives the place in the queue, or the upstream call, up; the call then stands where it stood before.</param>
    Task<CallLeg> RunAsync(CallEnvelope call, PacingState state, CallTerms terms, CancellationToken cancellationToken);
}

/// <summary>How a leg of a call is run.</summary>
/// <param name="Patience">The longest wait within it.</param>
/// <param name="Seed">What the call's jitter is drawn from; the same for every leg.</param>
/// <param name="Deadline">The latest instant at which an attempt may begin.</param>
internal sealed record CallTerms(TimeSpan Patience, ulong Seed, Instant Deadline)
{
    /// <summary>How the call is paced; null for the usual.</summary>
    public PacingPolicy? Policy { get; init; }
}

/// <summary>A part of a call's life.</summary>
/// <param name="State">Where the call stands; to be handed in again to go on.</param>
/// <param name="Action">What is next: a wait, or nothing any more.</param>
/// <param name="Result">The answer; null until the call is over.</param>
internal sealed record CallLeg(PacingState State, PacingAction Action, CallResult? Result);

/// <summary>Carries one call from admission to settlement and hands back its buffered answer.</summary>
internal interface ICallExecutor
{
    /// <summary>Waits for admission, calls, retries where that can help, settles.</summary>
    /// <param name="cancellationToken">Gives the place in the queue, or the upstream call, up.</param>
    Task<CallResult> ExecuteAsync(CallEnvelope call, CancellationToken cancellationToken);

    /// <summary>The same, for one who may come to have no time for waiting and still lets a provider end what it has begun.</summary>
    /// <param name="stopWaiting">Gives the place in the queue up; a call that a provider has goes on.</param>
    /// <param name="cancellationToken">Gives the place in the queue, or the upstream call, up.</param>
    Task<CallResult> ExecuteAsync(CallEnvelope call, CancellationToken stopWaiting, CancellationToken cancellationToken) =>
        ExecuteAsync(call, cancellationToken);
}
