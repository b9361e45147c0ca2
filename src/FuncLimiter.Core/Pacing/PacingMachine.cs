using System.Text.Json.Serialization;
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

/// <summary>What a driver has to do next, and which events it may answer with.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "action")]
[JsonDerivedType(typeof(Admit), "admit")]
[JsonDerivedType(typeof(Reroute), "reroute")]
[JsonDerivedType(typeof(WaitUntil), "waitUntil")]
[JsonDerivedType(typeof(Call), "call")]
[JsonDerivedType(typeof(Deliver), "deliver")]
[JsonDerivedType(typeof(Refuse), "refuse")]
[JsonDerivedType(typeof(Nothing), "nothing")]
public abstract record PacingAction
{
    /// <summary>True for the last action of a call.</summary>
    [JsonIgnore]
    public bool IsLast => this is Deliver or Refuse;

    /// <summary>Ask the limiter; answer Admitted, ToldToWait or Refused.</summary>
    /// <param name="Excluded">Deployments that may not serve the call (any more), bit i for place i.</param>
    /// <param name="Deadline">Beyond this the limiter need not let it wait.</param>
    public sealed record Admit(ulong Excluded, Instant Deadline) : PacingAction;

    /// <summary>As <see cref="Admit"/>, right after a deployment failed while others are left.</summary>
    /// <param name="Excluded">As for <see cref="Admit"/>.</param>
    /// <param name="Deadline">As for <see cref="Admit"/>.</param>
    /// <param name="Failed">The place of the deployment that failed.</param>
    public sealed record Reroute(ulong Excluded, Instant Deadline, int Failed) : PacingAction;

    /// <summary>Set one timer; answer TimerFired, not before the instant.</summary>
    /// <param name="Until">The instant.</param>
    public sealed record WaitUntil(Instant Until) : PacingAction;

    /// <summary>Call the provider, and settle the reservation once it has answered or failed; answer Responded then.</summary>
    /// <param name="Place">The deployment's place in the route.</param>
    /// <param name="Deployment">The deployment.</param>
    public sealed record Call(int Place, string Deployment) : PacingAction;

    /// <summary>The end: hand on the last answer of the provider, whatever it is.</summary>
    /// <param name="Place">The deployment's place in the route; -1 where none was asked.</param>
    public sealed record Deliver(int Place) : PacingAction;

    /// <summary>The end: tell the caller no.</summary>
    /// <param name="Refusal">Why, and when to come back.</param>
    public sealed record Refuse(Refusal Refusal) : PacingAction;

    /// <summary>Nothing new: go on with what is under way.</summary>
    public sealed record Nothing : PacingAction;
}

/// <summary>What follows from an event.</summary>
/// <param name="State">The state to keep, before the action is carried out.</param>
/// <param name="Action">The action to carry out.</param>
public readonly record struct PacingStep(PacingState State, PacingAction Action);

/// <summary>Something that happened to a call.</summary>
/// <param name="At">When, by the driver's clock.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(Submitted), "submitted")]
[JsonDerivedType(typeof(Admitted), "admitted")]
[JsonDerivedType(typeof(ToldToWait), "toldToWait")]
[JsonDerivedType(typeof(Refused), "refused")]
[JsonDerivedType(typeof(Responded), "responded")]
[JsonDerivedType(typeof(TimerFired), "timerFired")]
public abstract record PacingEvent(Instant At)
{
    /// <summary>The call is there.</summary>
    /// <param name="At">When.</param>
    /// <param name="Places">How many deployments its route has, 1 to 64.</param>
    /// <param name="Seed">What its jitter is drawn from.</param>
    /// <param name="Deadline">The latest instant at which an attempt may begin; null for the policy's longest wait.</param>
    public sealed record Submitted(Instant At, int Places, ulong Seed, Instant? Deadline = null) : PacingEvent(At)
    {
        /// <summary>Deployments that may not serve it, bit i for place i.</summary>
        public ulong Excluded { get; init; }
    }

    /// <summary>The limiter let it out: a reservation is held.</summary>
    /// <param name="At">When.</param>
    /// <param name="Place">The deployment's place in the route.</param>
    /// <param name="Deployment">The deployment, as <c>account/model</c>.</param>
    public sealed record Admitted(Instant At, int Place, string Deployment) : PacingEvent(At);

    /// <summary>The limiter has no room before an instant; nothing is held.</summary>
    /// <param name="At">When.</param>
    /// <param name="Until">The instant at which it is to be asked again; <see cref="Instant.Unknown"/> where that can't be foreseen.</param>
    /// <param name="Budget">The budget that binds.</param>
    public sealed record ToldToWait(Instant At, Instant Until, string Budget) : PacingEvent(At);

    /// <summary>The limiter said no; nothing is held.</summary>
    /// <param name="At">When.</param>
    /// <param name="Refusal">Why, and when to come back.</param>
    public sealed record Refused(Instant At, Refusal Refusal) : PacingEvent(At);

    /// <summary>The provider's answer is there, or its failure, or the lack of both (a reset, a time-out), and the reservation is settled.</summary>
    /// <param name="At">When.</param>
    /// <param name="Outcome">How the attempt ended.</param>
    /// <param name="Retryable">Whether the same request can succeed later without a person's help.</param>
    /// <param name="RetryAfter">The provider's hint on a failure.</param>
    /// <param name="BytesDelivered">Whether the caller already has a part of the answer: then it can't be begun anew.</param>
    public sealed record Responded(
        Instant At, OutcomeKind Outcome, bool Retryable = false, TimeSpan? RetryAfter = null, bool BytesDelivered = false) : PacingEvent(At)
    {
        /// <summary>Whether only that deployment can't take the call, for its limit or its credentials: another may.</summary>
        public bool OnlyThere { get; init; }
    }

    /// <summary>The timer fired.</summary>
    /// <param name="At">When.</param>
    public sealed record TimerFired(Instant At) : PacingEvent(At);
}
