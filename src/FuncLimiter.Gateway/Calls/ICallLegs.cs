using FuncLimiter.Core.Pacing;

namespace FuncLimiter.Gateway.Calls;

/// <summary>Carries calls in legs, so that a host can sleep through a long wait without keeping the call in memory.</summary>
public interface ICallLegs
{
    /// <summary>
    /// Goes on with a call until it is over, or must wait longer than the terms allow. Whatever was reserved is settled then. One that waits
    /// for room only asks for it again, also before its time (<see cref="PacingState.WaitsForRoom"/>).
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="state">Where it stands; <see cref="PacingState.New"/> at first.</param>
    /// <param name="terms">How this leg is run.</param>
    /// <param name="cancellationToken">Gives the place in the queue, or the upstream call, up; the call then stands where it stood before.</param>
    Task<CallLeg> RunAsync(CallEnvelope call, PacingState state, CallTerms terms, CancellationToken cancellationToken);
}
