namespace FuncLimiter.Gateway.Usage;

/// <summary>The figures of a line, in the order and under the names that every format shows.</summary>
internal static class UsageFigures
{
    /// <summary>The figures' names.</summary>
    public static readonly string[] Names =
    [
        "calls", "answered", "refused", "failed", "abandoned", "postponed", "attempts", "inputTokens", "cachedInputTokens", "cacheWriteTokens", "outputTokens",
        "costUsd", "inputCostUsd", "outputCostUsd", "unpricedCalls", "waitedMs", "durationMs", "cacheHitRate", "inputShare", "rejectionRate", "shareOfCalls",
        "shareOfTokens", "shareOfCost",
    ];

    /// <summary>The figures: whole numbers, exact amounts of money, and shares from 0 to 1 that are null where nothing stands below the line.</summary>
    /// <param name="line">What a line's calls used.</param>
    /// <param name="total">What all calls of the question used.</param>
    public static IReadOnlyList<decimal?> Of(in UsageTotals line, in UsageTotals total) =>
    [
        line.Calls, line.Answered, line.Refused, line.Failed, line.Abandoned, line.Postponed, line.Attempts, line.InputTokens, line.CachedTokens,
        line.CacheWriteTokens, line.OutputTokens, line.CostUsd, line.InputCostUsd, line.CostUsd - line.InputCostUsd, line.Unpriced, line.WaitedMs,
        line.DurationMs, Round(line.CacheHitRate), Round(line.InputShare), Round(line.RejectionRate), Share(line.Calls, total.Calls),
        Share(line.InputTokens + line.OutputTokens, total.InputTokens + total.OutputTokens), Share(line.CostUsd, total.CostUsd),
    ];

    private static decimal? Round(double? share) => share is { } value ? Math.Round((decimal)value, 6) : null;

    private static decimal? Share(decimal part, decimal whole) => whole > 0 ? Math.Round(part / whole, 6) : null;
}
