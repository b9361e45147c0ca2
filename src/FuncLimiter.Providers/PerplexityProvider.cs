using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers;

/// <summary>Perplexity (docs.perplexity.ai: rate limits and usage tiers). It limits calls, and reports nothing.</summary>
internal sealed class PerplexityProvider : HttpProvider
{
    /// <inheritdoc/>
    public override string Id => "perplexity";

    /// <inheritdoc/>
    public override Uri DefaultEndpoint { get; } = new("https://api.perplexity.ai");

    /// <inheritdoc/>
    protected override string? PathOf(Operation operation) => operation == Operation.ChatCompletions ? "/chat/completions" : null;
}
