namespace FuncLimiter.Simulation.Fleets;

/// <summary>What one tenant got in one priority.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="Priority">The priority.</param>
/// <param name="Calls">Calls begun.</param>
/// <param name="Ok">Calls answered.</param>
/// <param name="Tokens">Service: tokens by the answers' usage, input and output.</param>
/// <param name="ComparedTokens">Of that service what came after the warm-up.</param>
/// <param name="BackloggedShare">
/// The share of the time after the warm-up, 0 to 1, in which at least one of its calls had no answer yet; a call that waits for its retry
/// counts.
/// </param>
public sealed record GroupReport(
    string Tenant, double Weight, FleetPriority Priority, long Calls, long Ok, long Tokens, long ComparedTokens, double BackloggedShare);
