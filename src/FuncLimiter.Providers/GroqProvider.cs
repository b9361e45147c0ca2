using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Providers.Charging;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers;

/// <summary>Groq (console.groq.com: rate limits, errors).</summary>
internal sealed class GroqProvider : HttpProvider
{
    private static readonly LimitHeaders[] Headers =
    [
        LimitHeaders.Suffixed(LimitNames.Requests, "requests", TimeSpan.FromDays(1)),
        LimitHeaders.Suffixed(LimitNames.Tokens, "tokens", TimeSpan.FromMinutes(1)),
    ];

    /// <inheritdoc/>
    public override string Id => "groq";

    /// <inheritdoc/>
    public override Uri DefaultEndpoint { get; } = new("https://api.groq.com");

    /// <summary>Tokens: what its messages call requested, uncached input and max_tokens; without that, the output foreseen.</summary>
    public override Charge ChargeAtStart(RequestFacts request, in TokenEstimate estimate)
    {
        var input = Math.Max(0, CharacterEstimate.Of(request, estimate) - estimate.CachedInputTokens);
        var output = request.Operation == Operation.Embeddings ? 0 : request.MaxOutputTokens * request.Choices ?? estimate.OutputTokens;
        return new Charge(1, input + output, Math.Max(0, estimate.InputTokens - estimate.CachedInputTokens), estimate.OutputTokens, 1);
    }

    /// <inheritdoc/>
    public override Charge ChargeAtEnd(RequestFacts request, in Charge atStart, TokenUsage? usage, OutcomeKind outcome) =>
        KeptCharge.AtEnd(atStart, usage is { } used ? used with { InputTokens = Math.Max(0, used.InputTokens - used.CacheReadTokens) } : null, outcome);

    /// <inheritdoc/>
    protected override string? PathOf(Operation operation) => operation switch
    {
        Operation.ChatCompletions => "/openai/v1/chat/completions",
        Operation.Responses => "/openai/v1/responses",
        Operation.Embeddings => "/openai/v1/embeddings",
        _ => null,
    };

    /// <inheritdoc/>
    protected override RetryHint? EndOfDay(in Failure failure) => DayEnds.WithRefill(failure);

    /// <inheritdoc/>
    protected override void ReadLimits(in HeaderValues headers, LimitTable limits) => limits.Add(headers, Headers);
}
