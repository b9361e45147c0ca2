using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Alerts;

/// <summary>One budget that is, or just was, near its limit.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Dimension">What its tightest meter counts.</param>
/// <param name="WindowSeconds">That meter's window.</param>
/// <param name="Level">How near.</param>
/// <param name="Use">The share in use when it was last looked at.</param>
/// <param name="Since">Since when it is at this level.</param>
/// <param name="Cause">What probably drives it, in words; null where nothing stands out.</param>
/// <param name="Steps">What the limiter does about it, in words.</param>
public sealed record Alert(
    string Budget,
    Dimension Dimension,
    double WindowSeconds,
    AlertLevel Level,
    double Use,
    Instant Since,
    string? Cause,
    IReadOnlyList<string> Steps);
