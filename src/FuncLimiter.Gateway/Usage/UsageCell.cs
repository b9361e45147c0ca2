namespace FuncLimiter.Gateway.Usage;

/// <summary>What the calls of one key used within one span.</summary>
/// <param name="From">When the span began.</param>
/// <param name="Key">What the calls have in common.</param>
/// <param name="Totals">What they used.</param>
public sealed record UsageCell(DateTimeOffset From, UsageKey Key, UsageTotals Totals);
