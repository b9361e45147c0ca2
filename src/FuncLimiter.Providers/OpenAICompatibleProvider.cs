using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers;

/// <summary>
/// Any server that speaks OpenAI's dialect. Limits are read from OpenAI's headers, from plain <c>X-RateLimit-*</c>, and from the fields of
/// the IETF's draft; tokens are settled by what was used.
/// </summary>
internal sealed class OpenAICompatibleProvider : HttpProvider
{
    private static readonly LimitHeaders[] OpenAIHeaders =
    [
        LimitHeaders.Suffixed(LimitNames.Requests, "requests"),
        LimitHeaders.Suffixed(LimitNames.Tokens, "tokens"),
    ];

    // What Kong and gateways like it write, by the window.
    private static readonly LimitHeaders[] WindowHeaders =
    [
        LimitHeaders.Suffixed("requestsSecond", "second", TimeSpan.FromSeconds(1)) with { Dimension = Dimension.Requests },
        LimitHeaders.Suffixed("requestsMinute", "minute", TimeSpan.FromMinutes(1)) with { Dimension = Dimension.Requests },
        LimitHeaders.Suffixed("requestsHour", "hour", TimeSpan.FromHours(1)) with { Dimension = Dimension.Requests },
        LimitHeaders.Suffixed("requestsDay", "day", TimeSpan.FromDays(1)) with { Dimension = Dimension.Requests },
    ];

    /// <inheritdoc/>
    public override string Id => "openai-compatible";

    /// <inheritdoc/>
    public override Uri? DefaultEndpoint => null;

    /// <inheritdoc/>
    public override bool TakesUnbounded => true;

    /// <inheritdoc/>
    public override bool TellsStreamUsageOnRequest(Operation operation, string query) => operation == Operation.ChatCompletions;

    /// <inheritdoc/>
    protected override void ReadLimits(in HeaderValues headers, LimitTable limits)
    {
        limits.Add(headers, OpenAIHeaders);
        limits.Refine(BucketWindow.Infer);
        limits.Add(headers, [LimitHeaders.Plain]);
        limits.Add(headers, WindowHeaders);
        RateLimitFields.Read(headers, limits);
    }
}
