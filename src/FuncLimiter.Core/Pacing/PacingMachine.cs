using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using static FuncLimiter.Core.Pacing.PacingAction;
using static FuncLimiter.Core.Pacing.PacingEvent;

namespace FuncLimiter.Core.Pacing;

/// <summary>
/// The life of a call, from submission to exactly one of delivered and refused. Pure: the same events give the same actions, so a process
/// and a replayed orchestration can both drive it. Whoever drives it settles an attempt before it tells how that ended, and drops the
/// machine where the caller gives up.
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
        {
            return new(state, new WaitUntil(state.WakeAt));
        }

        if (occurred == state.LastEvent)
        {
            return new(state, new Nothing());
        }

        var step = (state.Phase, occurred) switch
        {
            (PacingPhase.New, Submitted call) => Begin(state, call, policy),
            (PacingPhase.Admitting, Admitted admitted) => Call(state, admitted),
            (PacingPhase.Admitting, ToldToWait told) => WaitForLimiter(state, told, policy),
            (PacingPhase.Admitting, Refused refused) => AfterRefusal(state, refused, policy),
            (PacingPhase.Waiting, TimerFired) => Ask(
                state with { Resting = [.. state.Resting.Where(resting => resting.Until > occurred.At)] }, occurred.At),
            (PacingPhase.Calling, Responded response) => AfterResponse(state, response, policy),
            (PacingPhase.Ended, TimerFired) => new(state, new Nothing()),
            _ => throw new InvalidOperationException($"{occurred.GetType().Name} can't occur while a call is {state.Phase}."),
        };
        return step with { State = step.State with { LastEvent = occurred } };
    }

    private static PacingStep Begin(PacingState state, Submitted call, PacingPolicy policy)
    {
        if (call.Places is < 1 or > 64)
        {
            throw new ArgumentException($"A route has 1 to 64 deployments, not {call.Places}.", nameof(call));
        }

        state = state with
        {
            Places = call.Places,
            Seed = call.Seed,
            Deadline = call.Deadline ?? call.At + policy.MaxWait,
            Closed = call.Excluded,
        };
        return state.HasOthers ? Ask(state, call.At) : End(state, new Refuse(new Refusal(RefusalReason.NoDeployment, "", Instant.Never)));
    }

    private static PacingStep Call(PacingState state, Admitted admitted)
    {
        var known = admitted.Place >= 0 && admitted.Place < state.Places;
        if (!known || (state.Excluded >> admitted.Place & 1) != 0)
        {
            throw new ArgumentException($"Place {admitted.Place} is closed to this call.", nameof(admitted));
        }

        return new(
            state with { Phase = PacingPhase.Calling, Attempts = state.Attempts + 1, Place = admitted.Place, Deployment = admitted.Deployment },
            new PacingAction.Call(admitted.Place, admitted.Deployment));
    }

    private static PacingStep End(PacingState state, PacingAction action) => new(state with { Phase = PacingPhase.Ended }, action);

    private static PacingStep RefuseAsTooLong(PacingState state, Instant retryAt) =>
        End(state, new Refuse(new Refusal(RefusalReason.WouldWaitTooLong, state.Budget, retryAt)));

    private static PacingStep Ask(PacingState state, Instant at) => at > state.Deadline
        ? RefuseAsTooLong(state, at)
        : new(state with { Phase = PacingPhase.Admitting }, new Admit(state.Excluded, state.Deadline));

    private static PacingStep WaitForLimiter(PacingState state, ToldToWait told, PacingPolicy policy)
    {
        var until = told.Until == Instant.Unknown ? told.At + policy.AskAgainAfter : told.Until;
        return Wait(state, told.At, Instant.Min(until, state.FirstRested), told.Budget, policy);
    }

    /// <summary>A deployment that rests may be all that is left: then the limiter's no holds only until it is rested.</summary>
    private static PacingStep AfterRefusal(PacingState state, Refused refused, PacingPolicy policy)
    {
        var (reason, budget, retryAt) = refused.Refusal;
        if (reason is RefusalReason.TooLarge or RefusalReason.Spent)
        {
            return End(state, new Refuse(refused.Refusal));
        }

        if (state.Resting.Count > 0 && state.FirstRested <= state.Deadline)
        {
            return Wait(state, refused.At, state.FirstRested, budget, policy);
        }

        return reason == RefusalReason.NoDeployment && state is { Attempts: > 0, Resting.Count: 0 }
            ? End(state, new Deliver(state.Place))
            : End(state, new Refuse(refused.Refusal with { RetryAt = Instant.Min(retryAt, state.FirstRested) }));
    }

    /// <summary>
    /// An answer, a call that can never work and a stream that has begun are handed on as they are. Otherwise the deployment rests, as
    /// long as the provider said or as the kind of failure is worth, and the call goes to another one, or waits for the first to be rested.
    /// </summary>
    private static PacingStep AfterResponse(PacingState state, Responded response, PacingPolicy policy)
    {
        var at = response.At;
        var outOfQuota = response.Outcome == OutcomeKind.QuotaExhausted
            || response is { Outcome: OutcomeKind.RateLimited, Retryable: false };
        var overloads = state.Overloads + (response.Outcome == OutcomeKind.Overloaded ? 1 : 0);
        var spent = state.Attempts >= policy.MaxAttempts || overloads >= policy.MaxOverloads;
        if (response.OnlyThere && !spent)
        {
            var elsewhere = state with { Closed = state.Closed | 1UL << state.Place };
            return elsewhere.HasOthers && at <= state.Deadline
                ? new(elsewhere with { Phase = PacingPhase.Admitting }, new Reroute(elsewhere.Excluded, state.Deadline, state.Place))
                : End(state, new Deliver(state.Place));
        }

        var hopeless = response.Outcome is OutcomeKind.Success or OutcomeKind.Rejected || !(response.Retryable || outOfQuota);
        if (hopeless || spent || response.BytesDelivered || (outOfQuota && !policy.RerouteOnExhaustedQuota))
        {
            return End(state, new Deliver(state.Place));
        }

        state = state with { Overloads = overloads };
        state = outOfQuota ? state with { Closed = state.Closed | 1UL << state.Place } : Rest(state, response, policy);
        if (state.HasOthers && at <= state.Deadline)
        {
            return new(state with { Phase = PacingPhase.Admitting }, new Reroute(state.Excluded, state.Deadline, state.Place));
        }

        var isLimit = response.Outcome == OutcomeKind.RateLimited;
        return state.HasOthers || state.Resting.Count == 0 || (!isLimit && state.FirstRested > state.Deadline)
            ? End(state, new Deliver(state.Place))
            : Wait(state, at, state.FirstRested, Scope(state), policy);
    }

    private static PacingStep Wait(PacingState state, Instant at, Instant until, string budget, PacingPolicy policy)
    {
        state = state with { Budget = budget };
        var wake = Instant.Max(until, at + policy.MinWait);
        if (!wake.IsKnown || wake > state.Deadline || state.Waits >= policy.MaxWaits)
        {
            return RefuseAsTooLong(state, wake);
        }

        return new(state with { Phase = PacingPhase.Waiting, WakeAt = wake, Waits = state.Waits + 1 }, new WaitUntil(wake));
    }

    private static PacingState Rest(PacingState state, Responded response, PacingPolicy policy)
    {
        var chance = Backoff.Chance(state.Seed, state.Attempts);
        var backoff = response.Outcome switch
        {
            OutcomeKind.RateLimited => policy.RateLimited,
            OutcomeKind.Overloaded => policy.Overloaded,
            _ => policy.Transient,
        };
        var delay = response.RetryAfter is { } hint
            ? Backoff.Hinted(hint, policy.Hint, chance)
            : Backoff.Delay(backoff, state.Attempts, state.Delay, chance);
        var rest = new RestingDeployment(state.Place, state.Deployment, response.At + delay);
        return state with
        {
            Delay = response.RetryAfter is null ? delay : state.Delay,
            Resting = [.. state.Resting.Where(other => other.Place != state.Place), rest],
        };
    }

    private static string Scope(PacingState state) => "deployment:" + state.Resting.MinBy(resting => resting.Until)!.Deployment;
}
