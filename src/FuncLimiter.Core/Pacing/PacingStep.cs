namespace FuncLimiter.Core.Pacing;

/// <summary>What follows from an event.</summary>
/// <param name="State">The state to keep, before the action is carried out.</param>
/// <param name="Action">The action to carry out.</param>
public readonly record struct PacingStep(PacingState State, PacingAction Action);
