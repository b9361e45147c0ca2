using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Responses;

/// <summary>The names by which limits are reported, and what they are to the core and to a caller.</summary>
internal static class LimitNames
{
    public const string Requests = "requests";
    public const string Tokens = "tokens";
    public const string InputTokens = "inputTokens";
    public const string OutputTokens = "outputTokens";
    public const string Concurrent = "concurrent";

    /// <summary>The core's dimension of a limit; null for images, audio and other things that it does not count.</summary>
    public static Dimension? DimensionOf(string? name) => name switch
    {
        Requests => Dimension.Requests,
        Tokens => Dimension.Tokens,
        InputTokens => Dimension.InputTokens,
        OutputTokens => Dimension.OutputTokens,
        Concurrent => Dimension.Concurrent,
        _ => null,
    };

    /// <summary>The reason for a failure on a limit: <c>rate_limit_input_tokens</c> for <c>inputTokens</c>.</summary>
    public static string ReasonOf(string? name) => name switch
    {
        null => Reasons.RateLimit,
        Requests => "rate_limit_requests",
        Tokens => "rate_limit_tokens",
        InputTokens => "rate_limit_input_tokens",
        OutputTokens => "rate_limit_output_tokens",
        Concurrent => Reasons.Concurrency,
        _ => $"{Reasons.RateLimit}_{string.Concat(name.Select(letter => char.IsUpper(letter) ? $"_{char.ToLowerInvariant(letter)}" : $"{letter}"))}",
    };

    /// <summary>The seconds of a named window; null for a month, whose length varies, and for no name.</summary>
    public static double? SecondsOf(string? window) => window == Windows.Month ? null : Durations.SecondsPer(window);
}
