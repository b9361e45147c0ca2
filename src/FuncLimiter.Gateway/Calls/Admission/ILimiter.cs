using FuncLimiter.Core;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Calls.Admission;

/// <summary>The one way out: admits, settles, observes. Embedded it owns the budgets, in the Functions app it holds leases of them.</summary>
internal interface ILimiter
{
    /// <summary>Completes when the call may go out, or at once when it can't within its bounds.</summary>
    /// <param name="request">The call's needs.</param>
    /// <param name="cancellationToken">Gives the place in the queue up; then <see cref="OperationCanceledException"/> is thrown and nothing is held.</param>
    ValueTask<AdmissionResult> AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken);

    /// <summary>Tells what a response's headers or its failure said, as soon as they are there.</summary>
    void Observe(Reservation reservation, Observation observation);

    /// <summary>Replaces what was reserved by what was used, once; later calls for the same reservation do nothing.</summary>
    void Settle(Reservation reservation, in Settlement settlement);

    /// <summary>Tells that a call leaves for its provider only now, later than usual after its admission. Not told of those that leave at once.</summary>
    void Leave(Reservation reservation);

    /// <summary>When such a call would be admitted if it were asked for now, without asking.</summary>
    Instant Foresee(AdmissionRequest request);

    /// <summary>Closes a deployment (<c>account/model</c>) or an account until an instant; opens it where that has passed. False where there is none.</summary>
    bool CoolDown(string scope, Instant until);

    /// <summary>The state of every budget and queue, for people and for metrics.</summary>
    LimiterReport Report();
}

/// <summary>Where a running limiter is changed.</summary>
internal sealed class ControlDesk(ILimiter limiter)
{
    /// <summary>Changes something; false where there is no such thing, or this limiter can't be changed.</summary>
    public bool Change(Func<Controls, Instant, bool> change) => limiter is EmbeddedLimiter embedded && embedded.Control(change);
}
