using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using static FuncLimiter.Core.Pacing.PacingAction;
using static FuncLimiter.Core.Pacing.PacingEvent;

namespace FuncLimiter.Core.Pacing;

/// <summary>
/// The life of a call, from submission to exactly one of delivered, refused and cancelled. Pure: the same events give the same
/// actions, so a process and a replayed orchestration can both drive it. Every question is answered before the next step: a limiter
/// that was asked may still admit after the caller left, and then the reservation is settled first.
/// </summary>
public static class PacingMachine
{
    /// <summary>Takes an event.</summary>
    /// <param name="state">The state so far; <see cref="PacingState.New"/> at first.</param>
    /// <param name="occurred">What happened. The last event once more changes nothing and asks for nothing.</param>
    /// <param name="policy">The rules, the same all through a call.</param>
    /// <exception cref="InvalidOperationException">The event can't occur in this phase: the driver is at fault.</exception>
    /// <exception cref="ArgumentException">The event's own values make no sense.</exception>
    public static PacingStep Next(PacingState state, PacingEvent occurred, PacingPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(occurred);
        ArgumentNullException.ThrowIfNull(policy);
        if (state.Phase == PacingPhase.Waiting && occurred is TimerFired && occurred.At < state.WakeAt)
            return new(state, new WaitUntil(state.WakeAt));
        if (occurred == state.Last)
            return new(state, new Nothing());

        var step = state.Phase switch
        {
            PacingPhase.New => InNew(state, occurred, policy),
            PacingPhase.Admitting => InAdmitting(state, occurred, policy),
            PacingPhase.Waiting => InWaiting(state, occurred),
            PacingPhase.Calling => InCalling(state, occurred),
            PacingPhase.Settling => InSettling(state, occurred, policy),
            PacingPhase.Batching => InBatching(state, occurred),
            PacingPhase.Withdrawing => InWithdrawing(state, occurred),
            _ => occurred is Cancelled or DeadlinePassed or TimerFired ? new(state, new Nothing()) : throw Impossible(state, occurred),
        };
        return step with { State = step.State with { Last = occurred } };
    }

    private static PacingStep InNew(PacingState state, PacingEvent occurred, PacingPolicy policy)
    {
        if (occurred is not Submitted call)
            throw Impossible(state, occurred);
        if (call.Places is < 1 or > 64)
            throw new ArgumentException($"A route has 1 to 64 deployments, not {call.Places}.", nameof(occurred));

        state = state with
        {
            Places = call.Places,
            Seed = call.Seed,
            Deadline = call.Deadline ?? call.At + policy.MaxWait,
            BatchAllowed = call.BatchAllowed,
            Closed = call.Excluded,
        };
        if (!state.HasOthers)
            return Moves.End(state, new Refuse(new Refusal(RefusalReason.NoDeployment, "", Instant.Never)));
        return Moves.TryBatch(state, call.At, call.Pressure, policy) ?? Moves.Ask(state, call.At);
    }

    private static PacingStep InAdmitting(PacingState state, PacingEvent occurred, PacingPolicy policy) => occurred switch
    {
        Admitted admitted => new(
            Take(state, admitted) with { Phase = PacingPhase.Calling, Attempts = state.Attempts + 1 },
            new PacingAction.Call(admitted.Place, admitted.Deployment)),
        ToldToWait told => Moves.WaitForLimiter(state, told, policy),
        Refused refused => Moves.AfterRefusal(state, refused, policy),
        Cancelled => Withdrawing(state, PacingEnding.Cancelled),
        DeadlinePassed => Withdrawing(state, PacingEnding.Deadline),
        _ => throw Impossible(state, occurred),
    };

    private static PacingStep InWaiting(PacingState state, PacingEvent occurred) => occurred switch
    {
        TimerFired => Moves.Ask(
            state with { Resting = [.. state.Resting.Where(resting => resting.Until > occurred.At)] }, occurred.At),
        Cancelled => Moves.End(state, new Cancel()),
        DeadlinePassed => Moves.RefuseAsTooLong(state, Instant.Max(state.WakeAt, occurred.At)),
        _ => throw Impossible(state, occurred),
    };

    private static PacingStep InCalling(PacingState state, PacingEvent occurred) => occurred switch
    {
        Responded response => new(
            state with { Phase = PacingPhase.Settling, Response = response }, new Settle(state.Place, SettlementBasis.Response)),
        Cancelled => new(
            state with { Phase = PacingPhase.Settling, Ending = PacingEnding.Cancelled }, new Settle(state.Place, SettlementBasis.Interrupted)),
        DeadlinePassed => new(state, new Nothing()),
        _ => throw Impossible(state, occurred),
    };

    private static PacingStep InSettling(PacingState state, PacingEvent occurred, PacingPolicy policy) => occurred switch
    {
        Settled when state is { Ending: PacingEnding.None, Response: { } response } =>
            Moves.AfterResponse(state with { Held = false }, response, occurred.At, policy),
        Settled => Moves.EndEarly(state with { Held = false }, occurred.At),
        Cancelled => new(state with { Ending = PacingEnding.Cancelled }, new Nothing()),
        DeadlinePassed => new(state, new Nothing()),
        _ => throw Impossible(state, occurred),
    };

    private static PacingStep InBatching(PacingState state, PacingEvent occurred) => occurred switch
    {
        BatchAnswered => Moves.End(state, new Deliver(-1)),
        BatchFailed => Moves.Ask(state with { InBatch = false }, occurred.At),
        Cancelled => Withdrawing(state, PacingEnding.Cancelled),
        DeadlinePassed => Withdrawing(state, PacingEnding.Deadline),
        _ => throw Impossible(state, occurred),
    };

    private static PacingStep InWithdrawing(PacingState state, PacingEvent occurred) => (occurred, state.InBatch) switch
    {
        (Withdrawn, _) or (BatchFailed, true) => Moves.EndEarly(state, occurred.At),
        (BatchAnswered, true) => state.Ending == PacingEnding.Cancelled ? Moves.EndEarly(state, occurred.At) : Moves.End(state, new Deliver(-1)),
        (ToldToWait told, false) => Moves.EndEarly(state, Instant.Max(told.Until, occurred.At)),
        (Refused refused, false) => state.Ending == PacingEnding.Cancelled
            ? Moves.EndEarly(state, occurred.At)
            : Moves.End(state, new Refuse(refused.Refusal)),
        (Admitted admitted, false) => new(
            Take(state, admitted) with { Phase = PacingPhase.Settling }, new Settle(admitted.Place, SettlementBasis.NotCalled)),
        (Cancelled, _) => new(state with { Ending = PacingEnding.Cancelled }, new Nothing()),
        (DeadlinePassed, _) => new(state, new Nothing()),
        _ => throw Impossible(state, occurred),
    };

    private static PacingStep Withdrawing(PacingState state, PacingEnding ending) =>
        new(state with { Phase = PacingPhase.Withdrawing, Ending = ending }, new Withdraw());

    private static PacingState Take(PacingState state, Admitted admitted)
    {
        var known = admitted.Place >= 0 && admitted.Place < state.Places;
        if (!known || (state.Excluded >> admitted.Place & 1) != 0)
            throw new ArgumentException($"Place {admitted.Place} is closed to this call.", nameof(admitted));
        return state with { Held = true, Place = admitted.Place, Deployment = admitted.Deployment };
    }

    private static InvalidOperationException Impossible(PacingState state, PacingEvent occurred) =>
        new($"{occurred.GetType().Name} can't occur while a call is {state.Phase}.");
}
