namespace FuncLimiter.Gateway.Configuration;

/// <summary>Prices in US dollars per million tokens.</summary>
/// <param name="Input">Uncached input.</param>
/// <param name="CachedInput">Input read from a prompt cache; as <paramref name="Input"/> where not given.</param>
/// <param name="Output">Output, reasoning included.</param>
public sealed record PriceConfiguration(decimal Input, decimal CachedInput, decimal Output)
{
    /// <summary>What providers take off for calls through their batch services.</summary>
    public const decimal UsualBatchDiscount = 0.5m;

    /// <summary>Input written to a prompt cache; null as <see cref="Input"/>.</summary>
    public decimal? CacheWrite { get; init; }

    /// <summary>The share taken off for calls through the provider's batch service, 0 to 1; default half.</summary>
    public decimal BatchDiscount { get; init; } = UsualBatchDiscount;
}
