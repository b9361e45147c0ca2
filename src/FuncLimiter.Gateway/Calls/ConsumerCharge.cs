using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Calls;

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

    // What can't be held is more than any budget holds.
    private static long Nano(decimal usd) => (long)Math.Ceiling(Math.Min(usd, MostUsd) * NanoPerUsd);
}
