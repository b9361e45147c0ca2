using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Calls;

/// <summary>What a call costs its tenant and its user: what it really uses, whatever the provider's own rule.</summary>
internal static class ConsumerCharge
{
    private const decimal NanoPerUsd = 1_000_000_000m;
    private const decimal MostUsd = 1_000_000m;

    /// <summary>A request that brought nothing, for example since it was malformed.</summary>
    public static readonly Charge RequestOnly = new(1, 0, 0, 0, 0);

    /// <summary>The charge foreseen at a price; null where that is not known.</summary>
    public static Charge Of(in TokenEstimate estimate, PriceConfiguration? price) =>
        Of(new TokenUsage(estimate.InputTokens, estimate.OutputTokens, estimate.CachedInputTokens), price) with { Concurrent = 1 };

    /// <summary>The charge that stands.</summary>
    public static Charge Of(in TokenUsage usage, PriceConfiguration? price) =>
        new(1, usage.TotalTokens, usage.InputTokens, usage.OutputTokens, 0, price is null ? 0 : Nano(CallCost.Of(price, usage).TotalUsd));

    // What can't be held is more than any budget holds.
    private static long Nano(decimal usd) => (long)Math.Ceiling(Math.Min(usd, MostUsd) * NanoPerUsd);
}
