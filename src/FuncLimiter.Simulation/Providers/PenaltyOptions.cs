namespace FuncLimiter.Simulation.Providers;

/// <summary>Closes a deployment for a while when it was called too often over its limits.</summary>
/// <param name="Violations">How many refusals it takes; at least 1.</param>
/// <param name="Within">The span in which they must fall.</param>
/// <param name="ClosedFor">For how long every call is refused.</param>
public sealed record PenaltyOptions(int Violations, TimeSpan Within, TimeSpan ClosedFor);
