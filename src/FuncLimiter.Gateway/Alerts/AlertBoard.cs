namespace FuncLimiter.Gateway.Alerts;

/// <summary>The alerts that stand now, for whoever shows them.</summary>
public sealed class AlertBoard
{
    private volatile IReadOnlyList<Alert> _standing = [];
    private volatile Dictionary<string, AlertLevel> _levels = [];

    /// <summary>The alerts, the gravest first.</summary>
    public IReadOnlyList<Alert> Standing => _standing;

    /// <summary>The gravest level of all.</summary>
    public AlertLevel Level => _standing.Count == 0 ? AlertLevel.Normal : _standing.Max(static alert => alert.Level);

    /// <summary>The level of one budget.</summary>
    public AlertLevel LevelOf(string budget) => _levels.GetValueOrDefault(budget);

    internal void Show(IReadOnlyList<Alert> alerts)
    {
        _standing = alerts;
        if (alerts.Count > 0 || _levels.Count > 0)
        {
            _levels = alerts.ToDictionary(static alert => alert.Budget, static alert => alert.Level, StringComparer.Ordinal);
        }
    }
}
