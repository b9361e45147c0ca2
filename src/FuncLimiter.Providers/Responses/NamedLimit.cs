namespace FuncLimiter.Providers.Responses;

/// <summary>One limit as headers or events reported it. Null where unknown.</summary>
/// <param name="Limit">Units per window.</param>
/// <param name="Remaining">Units left.</param>
/// <param name="ResetSeconds">Seconds until whole again, at least 0.</param>
/// <param name="Utilization">Share used, 0 to 1, where that is all that is told.</param>
/// <param name="WindowSeconds">The window's length in seconds, where the provider says it.</param>
public sealed record NamedLimit(
    double? Limit = null, double? Remaining = null, double? ResetSeconds = null, double? Utilization = null, double? WindowSeconds = null)
{
    /// <summary>True where nothing but perhaps a window is known.</summary>
    internal bool IsEmpty => Limit is null && Remaining is null && ResetSeconds is null && Utilization is null;
}
