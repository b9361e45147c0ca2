using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Providers.Charging;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers;

/// <summary>Cerebras (inference-docs.cerebras.ai: rate limits).</summary>
internal sealed class CerebrasProvider : HttpProvider
{
    /// <summary>What admission foresees of output where the caller sets no bound.</summary>
    private const long DefaultOutputTokens = 16_384;

    private static readonly LimitHeaders[] Headers =
    [
        LimitHeaders.Suffixed(LimitNames.Requests, "requests-minute", TimeSpan.FromMinutes(1)),
        LimitHeaders.Suffixed("requestsHour", "requests-hour", TimeSpan.FromHours(1)) with { Dimension = Dimension.Requests },
        LimitHeaders.Suffixed("requestsDay", "requests-day", TimeSpan.FromDays(1)) with { Dimension = Dimension.Requests },
        LimitHeaders.Suffixed(LimitNames.Tokens, "tokens-minute", TimeSpan.FromMinutes(1)),
        LimitHeaders.Suffixed("tokensHour", "tokens-hour", TimeSpan.FromHours(1)) with { Dimension = Dimension.Tokens },
        LimitHeaders.Suffixed("tokensDay", "tokens-day", TimeSpan.FromDays(1)) with { Dimension = Dimension.Tokens },
    ];

    /// <inheritdoc/>
    public override string Id => "cerebras";

    /// <inheritdoc/>
    public override Uri DefaultEndpoint { get; } = new("https://api.cerebras.ai");

    /// <summary>Tokens: input, and max_completion_tokens or what admission foresees without it.</summary>
    public override Charge ChargeAtStart(RequestFacts request, in TokenEstimate estimate)
    {
        var output = (request.MaxOutputTokens ?? DefaultOutputTokens) * request.Choices;
        return new Charge(1, CharacterEstimate.Of(request, estimate) + output, estimate.InputTokens, estimate.OutputTokens, 1);
    }

    /// <inheritdoc/>
    public override Charge ChargeAtEnd(RequestFacts request, in Charge atStart, TokenUsage? usage, OutcomeKind outcome) =>
        KeptCharge.AtEnd(atStart, usage, outcome);

    /// <inheritdoc/>
    public override string MaxTokensField => "max_completion_tokens";

    /// <inheritdoc/>
    protected override string? PathOf(Operation operation) =>
        operation == Operation.ChatCompletions ? "/v1/chat/completions" : null;

    /// <inheritdoc/>
    protected override void ReadLimits(in HeaderValues headers, LimitTable limits) => limits.Add(headers, Headers);

    /// <inheritdoc/>
    protected override Verdict? Judge(in Failure failure) => failure.Error.Code switch
    {
        "queue_exceeded" => Verdict.Later(Reasons.Overloaded),
        "token_quota_exceeded" => Verdict.Full(LimitNames.Tokens, ErrorText.Subject(failure.Text).Window),
        "request_quota_exceeded" => Verdict.Full(LimitNames.Requests, ErrorText.Subject(failure.Text).Window),
        _ => null,
    };

    /// <summary>Resets are those of the clock's minute and day, so there is room again after them.</summary>
    protected override double? WaitForReset(in Failure failure) => failure.ResetOfExhausted();

    /// <inheritdoc/>
    protected override RetryHint? EndOfDay(in Failure failure) => DayEnds.AtMidnight(failure);
}
