using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>The names of dimensions in what FuncLimiter reports.</summary>
internal static class DimensionName
{
    public static string Of(Dimension dimension) => dimension switch
    {
        Dimension.Requests => "requests",
        Dimension.Tokens => "tokens",
        Dimension.InputTokens => "inputTokens",
        Dimension.OutputTokens => "outputTokens",
        Dimension.Concurrent => "concurrent",
        _ => "costNanoUsd",
    };
}
