namespace FuncLimiter.Gateway.Alerts;

/// <summary>How near a budget is to its limit.</summary>
public enum AlertLevel
{
    /// <summary>Far from it.</summary>
    Normal,

    /// <summary>Operators are warned.</summary>
    Warn,

    /// <summary>The limiter acts.</summary>
    Act,
}
