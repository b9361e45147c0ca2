using FuncLimiter.Core.Budgets;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Server.Virtual;

/// <summary>Limits as a person says them.</summary>
internal static class LimitWords
{
    public static string Of(LimitDimension dimension) => dimension switch
    {
        LimitDimension.Requests => "requests",
        LimitDimension.Tokens => "tokens",
        LimitDimension.InputTokens => "input tokens",
        LimitDimension.OutputTokens => "output tokens",
        _ => "calls at once",
    };

    public static string Of(Dimension dimension) => dimension switch
    {
        Dimension.Requests => "requests",
        Dimension.Tokens => "tokens",
        Dimension.InputTokens => "input tokens",
        Dimension.OutputTokens => "output tokens",
        Dimension.Cost => "US dollars",
        _ => "calls at once",
    };

    /// <summary>A window in words, for example <c>per minute</c>.</summary>
    public static string Per(double seconds) => seconds switch
    {
        0 => "",
        1 => "per second",
        60 => "per minute",
        3600 => "per hour",
        86400 => "per day",
        _ => FormattableString.Invariant($"per {seconds:0.##} s"),
    };
}
