using FuncLimiter.Core.Budgets;
using FuncLimiter.Providers.Addressing;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers;

/// <summary>Cohere (docs.cohere.com: rate limits, compatibility API). Its headers, of trial keys alone, are known from recorded answers.</summary>
internal sealed class CohereProvider : HttpProvider
{
    private static readonly LimitHeaders[] Headers =
    [
        LimitHeaders.Plain.ByTheMinute(),
        new(LimitNames.Requests, Dimension.Requests, "x-trial-endpoint-call-limit", "x-trial-endpoint-call-remaining", null)
        {
            Window = TimeSpan.FromMinutes(1),
        },
        new("requestsMonth", null, "x-endpoint-monthly-call-limit", "x-endpoint-monthly-call-remaining", null),
    ];

    /// <inheritdoc/>
    public override string Id => "cohere";

    /// <inheritdoc/>
    public override Uri DefaultEndpoint { get; } = new("https://api.cohere.ai");

    /// <summary>Ranking is Cohere's own API, which stands beside the compatible one.</summary>
    public override UpstreamAddress? PassedAddress(ProviderTarget target, PassedPath path, string query) =>
        path is { Api: ProviderApi.OpenAI, Path: "/v1/rerank" }
            ? new UpstreamAddress(Endpoints.Join(target.Endpoint, path.Path, query), Bearer(target))
            : base.PassedAddress(target, path, query);

    /// <inheritdoc/>
    protected override string? PathOf(Operation operation) => operation switch
    {
        Operation.ChatCompletions => "/compatibility/v1/chat/completions",
        Operation.Embeddings => "/compatibility/v1/embeddings",
        _ => null,
    };

    /// <inheritdoc/>
    protected override void ReadLimits(in HeaderValues headers, LimitTable limits) => limits.Add(headers, Headers);

    /// <summary>Windows of a minute, so that the reset is when there is room again.</summary>
    protected override double? WaitForReset(in Failure failure) => failure.ResetOfExhausted();

    /// <summary>The month's calls are counted over all endpoints.</summary>
    protected override Verdict? Judge(in Failure failure) =>
        failure.Status == 429 && FailureRules.Judge(failure) is { Window: Windows.Month } monthly ? monthly with { WholeAccount = true } : null;
}
