using System.Text.Json.Serialization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Pacing;

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
