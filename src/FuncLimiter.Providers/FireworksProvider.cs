using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers;

/// <summary>Fireworks (docs.fireworks.ai: serverless rate limits). Limits on prompt and on generated tokens adapt to use.</summary>
internal sealed class FireworksProvider : HttpProvider
{
    private static readonly LimitHeaders[] Headers =
    [
        LimitHeaders.Suffixed(LimitNames.Requests, "requests").ByTheMinute(),
        LimitHeaders.Suffixed(LimitNames.InputTokens, "tokens-prompt").ByTheMinute(),
        LimitHeaders.Suffixed("uncachedInputTokens", "tokens-cache-adjusted-prompt"),
        LimitHeaders.Suffixed(LimitNames.OutputTokens, "tokens-generated").ByTheMinute(),
    ];

    /// <inheritdoc/>
    public override string Id => "fireworks";

    /// <inheritdoc/>
    public override Uri DefaultEndpoint { get; } = new("https://api.fireworks.ai");

    /// <inheritdoc/>
    protected override string? PathOf(Operation operation) => operation switch
    {
        Operation.ChatCompletions => "/inference/v1/chat/completions",
        Operation.Responses => "/inference/v1/responses",
        Operation.Embeddings => "/inference/v1/embeddings",
        Operation.Messages => "/inference/v1/messages",
        _ => null,
    };

    /// <inheritdoc/>
    protected override void ReadLimits(in HeaderValues headers, LimitTable limits) => limits.Add(headers, Headers);

    /// <inheritdoc/>
    protected override ResponseReading Complete(ResponseReading reading, in HeaderValues headers) =>
        reading with { OverLimit = headers.Text("x-ratelimit-over-limit")?.Equals("yes", StringComparison.OrdinalIgnoreCase) == true };

    /// <summary>412 is an account that is suspended, for its bills or by its own budget.</summary>
    protected override Verdict? Judge(in Failure failure) => failure.Status == 412 ? Verdict.Exhausted() : null;
}
