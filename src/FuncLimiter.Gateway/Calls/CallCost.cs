using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Calls;

/// <summary>What a call's tokens cost, in US dollars: decimals, to the trillionth of a dollar.</summary>
/// <param name="InputUsd">The input, cache reads and writes included.</param>
/// <param name="OutputUsd">The output.</param>
public readonly record struct CallCost(decimal InputUsd, decimal OutputUsd)
{
    /// <summary>Where a cost is rounded: prices with six decimals for a million tokens are exact for each token.</summary>
    public const int Decimals = 12;

    private const decimal PerMillion = 1_000_000m;

    /// <summary>Input and output together.</summary>
    public decimal TotalUsd => InputUsd + OutputUsd;

    /// <summary>The cost of tokens by a price.</summary>
    /// <param name="price">The price.</param>
    /// <param name="usage">The tokens.</param>
    /// <param name="isBatch">Whether the provider's batch service answered.</param>
    public static CallCost Of(PriceConfiguration price, in TokenUsage usage, bool isBatch = false)
    {
        var factor = (isBatch ? 1 - price.BatchDiscount : 1) / PerMillion;
        var plain = Math.Max(0, usage.InputTokens - usage.CacheReadTokens - usage.CacheWriteTokens);
        var input = (plain * price.Input) + (usage.CacheReadTokens * price.CachedInput) + (usage.CacheWriteTokens * (price.CacheWrite ?? price.Input));
        return new CallCost(Math.Round(input * factor, Decimals), Math.Round(usage.OutputTokens * price.Output * factor, Decimals));
    }

    /// <summary>What a provider says itself that a call cost, which is what it bills, whatever the price says; the parts as the price has them, or else as the tokens.</summary>
    /// <param name="usd">The cost in US dollars.</param>
    /// <param name="price">The price; null where it is not known.</param>
    /// <param name="usage">The tokens.</param>
    public static CallCost Reported(decimal usd, PriceConfiguration? price, in TokenUsage usage)
    {
        var byPrice = price is null ? default : Of(price, usage);
        var (input, total) = byPrice.TotalUsd > 0 ? (byPrice.InputUsd, byPrice.TotalUsd) : (usage.InputTokens, Math.Max(1, usage.TotalTokens));
        var inputUsd = Math.Round(usd * (input / total), Decimals);
        return new CallCost(inputUsd, Math.Round(usd, Decimals) - inputUsd);
    }

    /// <summary>Two costs together.</summary>
    public static CallCost operator +(CallCost left, CallCost right) => new(left.InputUsd + right.InputUsd, left.OutputUsd + right.OutputUsd);
}
