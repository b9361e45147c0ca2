using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Calls;

/// <summary>What the attempts of one call used together: those that failed may have been paid for as well.</summary>
/// <param name="Usage">The tokens; null where none were told.</param>
/// <param name="Cost">What those cost whose price is known; null where none is.</param>
internal readonly record struct SpentSoFar(TokenUsage? Usage, CallCost? Cost)
{
    /// <summary>The same with an attempt more; null adds nothing.</summary>
    public SpentSoFar With(Attempt? attempt) => attempt?.Usage is not { } usage ? this : new SpentSoFar(
        Usage is { } before ? Sum(before, usage) : usage,
        attempt.Cost is not { } cost ? Cost : (Cost ?? default) + cost);

    private static TokenUsage Sum(in TokenUsage left, in TokenUsage right) => new(
        left.InputTokens + right.InputTokens,
        left.OutputTokens + right.OutputTokens,
        left.CacheReadTokens + right.CacheReadTokens,
        left.CacheWriteTokens + right.CacheWriteTokens,
        left.ReasoningTokens + right.ReasoningTokens);
}
