namespace FuncLimiter.Gateway.Alerts;

/// <summary>The alerts that stand now, for whoever shows them.</summary>
public sealed class AlertBoard
{
    private volatile IReadOnlyList<Alert> _standing = [];

    /// <summary>The alerts, the gravest first.</summary>
    public IReadOnlyList<Alert> Standing => _standing;

    /// <summary>The gravest level of all.</summary>
    public AlertLevel Level => _standing.Count == 0 ? AlertLevel.Normal : _standing.Max(static alert => alert.Level);

    internal void Show(IReadOnlyList<Alert> alerts) => _standing = alerts;
}
