using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Calls;

/// <summary>What tokens cost.</summary>
internal static class CallCost
{
    private const decimal PerMillion = 1_000_000m;

    /// <summary>The cost in US dollars.</summary>
    public static decimal Usd(PriceConfiguration price, in TokenUsage usage) =>
        (((usage.InputTokens - usage.CacheReadTokens) * price.Input)
            + (usage.CacheReadTokens * price.CachedInput)
            + (usage.OutputTokens * price.Output)) / PerMillion;
}
