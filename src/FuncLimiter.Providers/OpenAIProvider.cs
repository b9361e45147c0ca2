using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Providers.Charging;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers;

/// <summary>OpenAI (developers.openai.com: rate limits, error codes).</summary>
internal sealed class OpenAIProvider : HttpProvider
{
    private static readonly LimitHeaders[] Headers =
    [
        LimitHeaders.Suffixed(LimitNames.Requests, "requests"),
        LimitHeaders.Suffixed(LimitNames.Tokens, "tokens"),
    ];

    private static readonly LimitHeaders ProjectTokens = LimitHeaders.Suffixed("projectTokens", "project-tokens");

    /// <inheritdoc/>
    public override string Id => "openai";

    /// <inheritdoc/>
    public override Uri DefaultEndpoint { get; } = new("https://api.openai.com");

    /// <inheritdoc/>
    public override bool TellsStreamUsageOnRequest(Operation operation, string query) => operation == Operation.ChatCompletions;

    /// <summary>
    /// Tokens: the larger of max_tokens times the choices and an estimate by characters. Without max_tokens, input and output foreseen.
    /// </summary>
    public override Charge ChargeAtStart(RequestFacts request, in TokenEstimate estimate)
    {
        var input = CharacterEstimate.Of(request, estimate);
        if (request.Operation == Operation.Embeddings)
        {
            return new Charge(1, input, estimate.InputTokens, 0, 1);
        }

        var tokens = request.MaxOutputTokens is { } most ? Math.Max(input, most * request.Choices) : input + estimate.OutputTokens;
        return new Charge(1, tokens, estimate.InputTokens, estimate.OutputTokens, 1);
    }

    /// <inheritdoc/>
    public override Charge ChargeAtEnd(RequestFacts request, in Charge atStart, TokenUsage? usage, OutcomeKind outcome) =>
        KeptCharge.AtEnd(atStart, usage, outcome);

    /// <inheritdoc/>
    public override string MaxTokensField => "max_completion_tokens";

    /// <inheritdoc/>
    protected override RetryHint? EndOfDay(in Failure failure) => DayEnds.WithRefill(failure);

    /// <inheritdoc/>
    protected override void ReadLimits(in HeaderValues headers, LimitTable limits)
    {
        limits.Add(headers, Headers);
        limits.Refine(BucketWindow.Infer);
        var project = new NamedLimit(
            headers.Number(ProjectTokens.Limit), headers.Number(ProjectTokens.Remaining), headers.Reset(ProjectTokens.Reset!));
        limits.Add(ProjectTokens.Name, project, null, null);

        // The project's share of the organization's limit binds first; the core keeps one token limit a model.
        if (project.Limit is { } share)
        {
            limits.Refine(reading => reading is { Dimension: Dimension.Tokens } && !(reading.Limit < share) ? Narrow(reading, project) : reading);
        }
    }

    private static LimitReading Narrow(LimitReading reading, NamedLimit project) => reading with
    {
        Limit = (long)project.Limit!.Value,
        Remaining = project.Remaining is { } left ? Math.Min(reading.Remaining ?? long.MaxValue, (long)left) : reading.Remaining,
        ResetIn = RetryHint.ToSpan(project.ResetSeconds) ?? reading.ResetIn,
    };
}
