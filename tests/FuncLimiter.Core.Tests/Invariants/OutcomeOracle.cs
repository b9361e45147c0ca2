using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Tests.Budgets;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>Nothing lost: every call handed in is admitted, refused or given up, exactly once, and no later than its deadline.</summary>
internal sealed class OutcomeOracle(World world) : Oracle
{
    // A call that lacks only a checkpoint, or a lease, waits for that a little longer than its caller allows.
    private readonly TimeSpan ownDelay = world.Spec.IsDurable ? TimeSpan.FromSeconds(2) : TimeSpan.Zero;
    private readonly Dictionary<int, Instant> deadlines = [];

    public override void Submitted(Ask ask, Moment now)
    {
        var bound = world.Spec.Queue.MaxWait[(int)ask.Priority];
        deadlines.Add(ask.Id, now.Local + (ask.MaxWait is { } own && own < bound ? own : bound) + ownDelay);
    }

    public override void Admitted(Ask ask, int place, Moment now)
    {
        Violation.Unless(place < ask.Provider.Length && (ask.Excluded >> place & 1) == 0, () => $"Call {ask.Id} went to place {place}, which is not open to it.");
        End(ask, now);
    }

    public override void Refused(Ask ask, Refusal refusal, Moment now) => End(ask, now);

    public override void Cancelled(Ask ask, Moment now) => End(ask, now);

    /// <summary>Calls that wait end with the process; whoever handed them in knows that it died.</summary>
    public override void Crashed(Moment now) => deadlines.Clear();

    public override void Rested(Player player, Moment now)
    {
        foreach (var (id, deadline) in deadlines)
        {
            Violation.Unless(deadline >= now.Local, () => $"Call {id} still waits at {Moments.Since(now.Local)} s, after its deadline at {Moments.Since(deadline)} s.");
        }
    }

    public override void Ended(Player player, Moment now) =>
        Violation.Unless(deadlines.Count == 0, () => $"Nothing was ever heard of calls {string.Join(", ", deadlines.Keys)}.");

    private void End(Ask ask, Moment now)
    {
        Violation.Unless(deadlines.Remove(ask.Id, out var deadline), () => $"Call {ask.Id} ended twice.");
        Violation.Unless(now.Local <= deadline, () => $"Call {ask.Id} ended at {Moments.Since(now.Local)} s, after its deadline at {Moments.Since(deadline)} s.");
    }
}
