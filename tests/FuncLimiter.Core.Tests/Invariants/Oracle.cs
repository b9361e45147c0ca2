using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>Now: as it is in truth, and as the machine's clock tells it.</summary>
internal readonly record struct Moment(Instant Real, Instant Local);

/// <summary>Follows a history from outside, keeps its own books, and throws a <see cref="Violation"/> where an invariant does not hold.</summary>
internal abstract class Oracle
{
    public virtual void Submitted(Ask ask, Moment now)
    {
    }

    public virtual void Admitted(Ask ask, int place, Moment now)
    {
    }

    public virtual void Refused(Ask ask, Refusal refusal, Moment now)
    {
    }

    public virtual void Cancelled(Ask ask, Moment now)
    {
    }

    public virtual void Observed(Ask ask, int place, Observation observation, Moment now)
    {
    }

    /// <summary>Somebody else takes from a provider what such a call would.</summary>
    public virtual void OutsiderCalled(Ask ask, Step step, Moment now)
    {
    }

    /// <summary>A call is over; what it came to is known. Also where a reservation expired.</summary>
    public virtual void Settled(Ask ask, int place, Settlement settlement, Moment now)
    {
    }

    /// <summary>A person closed a scope, a deployment or an account.</summary>
    public virtual void Closed(string scope, TimeSpan span, Moment now)
    {
    }

    public virtual void CheckpointBegun(Moment now)
    {
    }

    public virtual void CheckpointKept(Moment now)
    {
    }

    public virtual void Crashed(Moment now)
    {
    }

    /// <summary>A step is over and the limiter has said all it has to say.</summary>
    public virtual void Rested(Player player, Moment now)
    {
    }

    /// <summary>The history is over: nothing waits, nothing is under way.</summary>
    public virtual void Ended(Player player, Moment now)
    {
    }
}
