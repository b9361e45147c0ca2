using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Calls;

/// <summary>What a call's tokens cost, in US dollars: decimals, to the trillionth of a dollar.</summary>
/// <param name="InputUsd">The input, cache reads and writes included.</param>
/// <param name="OutputUsd">The output.</param>
internal readonly record struct CallCost(decimal InputUsd, decimal OutputUsd)
{
    /// <summary>Where a cost is rounded: prices with six decimals for a million tokens are exact for each token.</summary>
    public const int Decimals = 12;

    private const decimal PerMillion = 1_000_000m;

    /// <summary>Input and output together.</summary>
    public decimal TotalUsd => InputUsd + OutputUsd;

    /// <summary>The cost of tokens by a price.</summary>
    /// <param name="isBatch">Whether the provider's batch service answered.</param>
    public static CallCost Of(PriceConfiguration price, in TokenUsage usage, bool isBatch = false)
    {
        price = price.Of(usage.InputTokens);
        var factor = (isBatch ? 1 - price.BatchDiscount : 1) / PerMillion;
        var plain = Math.Max(0, usage.InputTokens - usage.CacheReadTokens - usage.CacheWriteTokens);
        var input = (plain * price.Input) + (usage.CacheReadTokens * price.CachedInput) + (usage.CacheWriteTokens * (price.CacheWrite ?? price.Input));
        return new CallCost(Math.Round(input * factor, Decimals), Math.Round(usage.OutputTokens * price.Output * factor, Decimals));
    }

    /// <summary>What a provider says itself that a call cost, which is what it bills, whatever the price says; the parts as the price has them, or else as the tokens.</summary>
    /// <param name="usd">The cost in US dollars.</param>
    /// <param name="price">The price; null where it is not known.</param>
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

/// <summary>What a call costs its tenant and its user: what it really uses, whatever the provider's own rule.</summary>
internal static class ConsumerCharge
{
    private const decimal NanoPerUsd = 1_000_000_000m;
    private const decimal MostUsd = 1_000_000m;

    /// <summary>The charge foreseen at a price; null where that is not known.</summary>
    public static Charge Of(in TokenEstimate estimate, PriceConfiguration? price) =>
        Of(new TokenUsage(estimate.InputTokens, estimate.OutputTokens, estimate.CachedInputTokens), price) with { Concurrent = 1 };

    /// <summary>The charge that stands, at a price; null where that is not known.</summary>
    public static Charge Of(in TokenUsage usage, PriceConfiguration? price) => Of(usage, price is null ? null : CallCost.Of(price, usage));

    /// <summary>The charge that stands, with what it cost; null where that is not known.</summary>
    public static Charge Of(in TokenUsage usage, CallCost? cost) =>
        new(1, usage.TotalTokens, usage.InputTokens, usage.OutputTokens, 0, cost is { } known ? Nano(known.TotalUsd) : 0);

    /// <summary>The charge that stands where nobody told what was used: what was foreseen, a request that brought nothing, or nothing.</summary>
    public static Charge Untold(OutcomeKind outcome, in TokenEstimate estimate, PriceConfiguration? price) => outcome switch
    {
        OutcomeKind.Success => Of(estimate, price) with { Concurrent = 0 },
        OutcomeKind.Rejected => new(1, 0, 0, 0, 0),
        _ => Charge.None,
    };

    // More than a long holds is more than any budget holds, too.
    private static long Nano(decimal usd) => (long)Math.Ceiling(Math.Min(usd, MostUsd) * NanoPerUsd);
}
