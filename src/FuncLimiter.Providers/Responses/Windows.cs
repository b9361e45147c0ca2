namespace FuncLimiter.Providers.Responses;

/// <summary>The names of windows in error texts.</summary>
internal static class Windows
{
    public const string Second = "second";
    public const string Minute = "minute";
    public const string Hour = "hour";
    public const string Day = "day";
    public const string Month = "month";
}
