namespace FuncLimiter.Gateway.Alerts;

/// <summary>What changed with an alert.</summary>
public enum AlertChange
{
    /// <summary>It began, or became graver.</summary>
    Raised,

    /// <summary>It is there still, but less grave.</summary>
    Lowered,

    /// <summary>It is over.</summary>
    Ended,
}

/// <summary>News of an alert, for whoever is told.</summary>
/// <param name="Change">What changed.</param>
/// <param name="Alert">The alert as it is now.</param>
/// <param name="At">When.</param>
public sealed record AlertNotice(AlertChange Change, Alert Alert, DateTimeOffset At);
