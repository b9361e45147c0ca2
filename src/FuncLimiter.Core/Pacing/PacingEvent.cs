using System.Text.Json.Serialization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Pacing;

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
