namespace FuncLimiter.Gateway.Alerts;

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
