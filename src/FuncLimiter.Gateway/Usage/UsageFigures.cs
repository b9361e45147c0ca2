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

    /// <summary>The figures: whole numbers, exact amounts of money that are null where no cost is known, and shares from 0 to 1 that are null where nothing stands below the line.</summary>
    /// <param name="line">What a line's calls used.</param>
    /// <param name="total">What all calls of the question used.</param>
    public static IReadOnlyList<decimal?> Of(in UsageTotals line, in UsageTotals total) =>
    [
        line.Calls, line.Answered, line.Refused, line.Failed, line.Abandoned, line.Postponed, line.Attempts, line.InputTokens, line.CachedTokens,
        line.CacheWriteTokens, line.OutputTokens, line.KnownCostUsd, line.IsCostKnown ? line.InputCostUsd : null,
        line.IsCostKnown ? line.CostUsd - line.InputCostUsd : null, line.Unpriced, line.WaitedMs,
        line.DurationMs, Round(line.CacheHitRate), Round(line.InputShare), Round(line.RejectionRate), Share(line.Calls, total.Calls),
        Share(line.InputTokens + line.OutputTokens, total.InputTokens + total.OutputTokens), line.IsCostKnown ? Share(line.CostUsd, total.CostUsd) : null,
    ];

    private static decimal? Round(double? share) => share is { } value ? Math.Round((decimal)value, 6) : null;

    private static decimal? Share(decimal part, decimal whole) => whole > 0 ? Math.Round(part / whole, 6) : null;
}
