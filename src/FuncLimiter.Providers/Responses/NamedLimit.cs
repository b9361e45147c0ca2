namespace FuncLimiter.Providers.Responses;

/// <summary>One limit as headers or events reported it. Null where unknown.</summary>
/// <param name="Limit">Units per window.</param>
/// <param name="Remaining">Units left.</param>
/// <param name="ResetSeconds">Seconds until whole again, at least 0.</param>
/// <param name="Utilization">Share used, 0 to 1, where that is all that is told.</param>
public sealed record NamedLimit(double? Limit = null, double? Remaining = null, double? ResetSeconds = null, double? Utilization = null);
