using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers;

/// <summary>xAI (docs.x.ai: rate limits). Its headers are known from recorded answers.</summary>
internal sealed class XaiProvider : HttpProvider
{
    private static readonly LimitHeaders[] Headers =
    [
        LimitHeaders.Suffixed(LimitNames.Requests, "requests").ByTheMinute(),
        LimitHeaders.Suffixed(LimitNames.Tokens, "tokens").ByTheMinute(),
    ];

    /// <inheritdoc/>
    public override string Id => "xai";

    /// <inheritdoc/>
    public override Uri DefaultEndpoint { get; } = new("https://api.x.ai");

    /// <inheritdoc/>
    protected override void ReadLimits(in HeaderValues headers, LimitTable limits) => limits.Add(headers, Headers);

    /// <summary>Chat usage leaves reasoning out of the output; the total has it.</summary>
    protected override TokenUsage? Normalise(UsageFields fields) =>
        fields is { Total: { } total, Input: { } input } && total - input > (fields.Output ?? 0)
            ? (fields with { Output = total - input }).ToUsage()
            : fields.ToUsage();

    /// <inheritdoc/>
    protected override Verdict? Judge(in Failure failure)
    {
        if (failure.Status is not (429 or 403))
        {
            return null;
        }

        if (failure.Says("credits") || failure.Says("spending limit") || failure.Says("usage quota exceeded"))
        {
            return Verdict.Exhausted();
        }

        if (ErrorText.Hints(failure.Text) is { Limit: 0, Used: not null })
        {
            return Verdict.Final(Reasons.NoQuota);
        }

        return FailureRules.Judge(failure) is not { Reason: Reasons.RateLimit } ? null
            : failure.Says("too many requests") ? Verdict.Full(LimitNames.Requests)
            : failure.Says("too many tokens") ? Verdict.Full(LimitNames.Tokens)
            : null;
    }
}
