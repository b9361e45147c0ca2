using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Calls.Headers;

/// <summary>The alerts that stand now, for whoever shows them.</summary>
internal sealed class AlertBoard
{
    private volatile IReadOnlyList<Alert> _standing = [];
    private volatile Dictionary<string, AlertLevel> _levels = [];

    /// <summary>The alerts, the gravest first; what is said of limits themselves and of spending last.</summary>
    public IReadOnlyList<Alert> Standing => _standing;

    /// <summary>The gravest level of all budgets.</summary>
    public AlertLevel Level => _levels.Count == 0 ? AlertLevel.Normal : _levels.Values.Max();

    /// <summary>The level of one budget.</summary>
    public AlertLevel LevelOf(string budget) => _levels.GetValueOrDefault(budget);

    /// <summary>Shows what stands now.</summary>
    /// <param name="alerts">Budgets near their limits.</param>
    /// <param name="others">Limits that are not what they were taken for, and spending: no reason for agents to slow down.</param>
    internal void Show(IReadOnlyList<Alert> alerts, IReadOnlyList<Alert>? others = null)
    {
        _standing = others is { Count: > 0 } ? [.. alerts, .. others] : alerts;
        if (alerts.Count > 0 || _levels.Count > 0)
        {
            _levels = alerts.ToDictionary(static alert => alert.Budget, static alert => alert.Level, StringComparer.Ordinal);
        }
    }
}

/// <summary>One budget that is, or just was, near its limit.</summary>
/// <param name="Budget">The budget's name.</param>
/// <param name="Dimension">What its tightest meter counts.</param>
/// <param name="WindowSeconds">That meter's window.</param>
/// <param name="Level">How near.</param>
/// <param name="Use">The share in use when it was last looked at.</param>
/// <param name="Since">Since when it is at this level.</param>
/// <param name="Cause">What probably drives it, in words; null where nothing stands out.</param>
/// <param name="Steps">What the limiter does about it, in words.</param>
internal sealed record Alert(
    string Budget,
    Dimension Dimension,
    double WindowSeconds,
    AlertLevel Level,
    double Use,
    Instant Since,
    string? Cause,
    IReadOnlyList<string> Steps)
{
    /// <summary>What it is about.</summary>
    public AlertKind Kind { get; init; }
}

/// <summary>What an alert is about.</summary>
public enum AlertKind
{
    /// <summary>A budget near its limit.</summary>
    NearLimit,

    /// <summary>Somebody who asks for many times the usual, and is capped.</summary>
    Runaway,

    /// <summary>A limit that is not what it was taken for, or can't be read.</summary>
    Limit,

    /// <summary>A spending budget that only warns, and is used up.</summary>
    Budget,
}

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

/// <summary>The names of levels in what FuncLimiter reports.</summary>
internal static class AlertLevelName
{
    public static string Of(AlertLevel level) => level switch
    {
        AlertLevel.Act => "act",
        AlertLevel.Warn => "warn",
        _ => "normal",
    };
}

/// <summary>What changed with an alert.</summary>
internal enum AlertChange
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
internal sealed record AlertNotice(AlertChange Change, Alert Alert, DateTimeOffset At);

/// <summary>When alerts begin and end.</summary>
internal sealed record AlertPolicy
{
    /// <summary>The share in use from which on operators are warned.</summary>
    public double WarnAt { get; init; } = 0.8;

    /// <summary>The share in use from which on the limiter acts.</summary>
    public double ActAt { get; init; } = 0.9;

    /// <summary>How long the share must stay there before a level begins.</summary>
    public TimeSpan Sustained { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How far below its threshold the share must fall before a level may end.</summary>
    public double Gap { get; init; } = 0.05;

    /// <summary>How long it must stay there.</summary>
    public TimeSpan Calm { get; init; } = TimeSpan.FromSeconds(15);
}
