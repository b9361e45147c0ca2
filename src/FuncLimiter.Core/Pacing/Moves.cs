using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using static FuncLimiter.Core.Pacing.PacingAction;
using static FuncLimiter.Core.Pacing.PacingEvent;

namespace FuncLimiter.Core.Pacing;

/// <summary>Where a call goes from a point at which nothing is held.</summary>
internal static class Moves
{
    internal static PacingStep End(PacingState state, PacingAction action) =>
        new(state with { Phase = PacingPhase.Ended, InBatch = false }, action);

    internal static PacingStep EndEarly(PacingState state, Instant retryAt) => state.Ending == PacingEnding.Cancelled
        ? End(state, new Cancel())
        : RefuseAsTooLong(state, retryAt);

    internal static PacingStep RefuseAsTooLong(PacingState state, Instant retryAt) =>
        End(state, new Refuse(new Refusal(RefusalReason.WouldWaitTooLong, state.Budget, retryAt)));

    internal static PacingStep Ask(PacingState state, Instant at) => at > state.Deadline
        ? RefuseAsTooLong(state, at)
        : new(state with { Phase = PacingPhase.Admitting }, new Admit(state.Excluded, state.Deadline));

    internal static PacingStep? TryBatch(PacingState state, Instant at, double pressure, PacingPolicy policy)
    {
        var worthIt = policy.Batch.Enabled && pressure >= policy.Batch.FromPressure && at + policy.Batch.MinSlack <= state.Deadline;
        return state.BatchAllowed && worthIt
            ? new(state with { Phase = PacingPhase.Batching, InBatch = true, BatchAllowed = false }, new SendToBatch(state.Deadline))
            : null;
    }

    internal static PacingStep WaitForLimiter(PacingState state, ToldToWait told, PacingPolicy policy)
    {
        if (TryBatch(state, told.At, told.Pressure, policy) is { } batch)
            return batch;
        var until = told.Until == Instant.Unknown ? told.At + policy.AskAgainAfter : told.Until;
        return Wait(state, told.At, Instant.Min(until, state.FirstRested), told.Budget, policy);
    }

    /// <summary>A deployment that rests may be all that is left: then the limiter's no holds only until it is rested.</summary>
    internal static PacingStep AfterRefusal(PacingState state, Refused refused, PacingPolicy policy)
    {
        var (reason, budget, retryAt) = refused.Refusal;
        if (reason == RefusalReason.TooLarge)
            return End(state, new Refuse(refused.Refusal));
        if (state.Resting.Count > 0 && state.FirstRested <= state.Deadline)
            return Wait(state, refused.At, state.FirstRested, budget, policy);
        if (reason != RefusalReason.NoDeployment && TryBatch(state, refused.At, 1, policy) is { } batch)
            return batch;
        if (reason == RefusalReason.NoDeployment && state is { Attempts: > 0, Resting.Count: 0 })
            return End(state, new Deliver(state.Place));
        return End(state, new Refuse(refused.Refusal with { RetryAt = Instant.Min(retryAt, state.FirstRested) }));
    }

    /// <summary>
    /// An answer, a call that can never work and a stream that has begun are handed on as they are. Otherwise the deployment rests, as
    /// long as the provider said or as the kind of failure is worth, and the call goes to another one, or waits for the first to be rested.
    /// </summary>
    internal static PacingStep AfterResponse(PacingState state, Responded response, Instant at, PacingPolicy policy)
    {
        var outOfQuota = response.Outcome == OutcomeKind.QuotaExhausted
            || response is { Outcome: OutcomeKind.RateLimited, Retryable: false };
        var overloads = state.Overloads + (response.Outcome == OutcomeKind.Overloaded ? 1 : 0);
        var spent = state.Attempts >= policy.MaxAttempts || overloads >= policy.MaxOverloads;
        if (response.TooLarge && !spent)
        {
            var elsewhere = state with { Closed = state.Closed | 1UL << state.Place };
            return elsewhere.HasOthers && at <= state.Deadline
                ? new(elsewhere with { Phase = PacingPhase.Admitting }, new Reroute(elsewhere.Excluded, state.Deadline, state.Place))
                : End(state, new Deliver(state.Place));
        }

        var hopeless = response.Outcome is OutcomeKind.Success or OutcomeKind.Rejected || !(response.Retryable || outOfQuota);
        if (hopeless || spent || response.BytesDelivered || (outOfQuota && !policy.RerouteOnExhaustedQuota))
            return End(state, new Deliver(state.Place));

        state = state with { Overloads = overloads };
        state = outOfQuota ? state with { Closed = state.Closed | 1UL << state.Place } : Rest(state, response, policy);
        if (state.HasOthers && at <= state.Deadline)
            return new(state with { Phase = PacingPhase.Admitting }, new Reroute(state.Excluded, state.Deadline, state.Place));
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
            return RefuseAsTooLong(state, wake);
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
