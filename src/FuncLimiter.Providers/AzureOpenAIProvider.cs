using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Providers.Addressing;
using FuncLimiter.Providers.Charging;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers;

/// <summary>Azure OpenAI (learn.microsoft.com: Azure OpenAI quotas and limits, quota management, provisioned throughput).</summary>
internal sealed class AzureOpenAIProvider : HttpProvider
{
    /// <summary>The API version of the deployments' paths where the caller names none.</summary>
    private const string DefaultApiVersion = "2024-10-21";

    /// <summary>The first API version that takes <c>stream_options</c>.</summary>
    private const string StreamOptionsSince = "2024-09-01";

    /// <summary>
    /// What a token must be for. Source: "How to configure Azure OpenAI in Azure AI Foundry Models with Microsoft Entra ID authentication",
    /// Microsoft Learn (learn.microsoft.com/azure/ai-foundry/openai/how-to/managed-identity).
    /// </summary>
    public const string TokenScope = "https://cognitiveservices.azure.com/.default";

    private static readonly LimitHeaders[] Headers =
    [
        LimitHeaders.Suffixed(LimitNames.Requests, "requests").ByTheMinute() with { Period = "x-ratelimit-renewalperiod-requests" },
        LimitHeaders.Suffixed(LimitNames.Tokens, "tokens").ByTheMinute() with { Period = "x-ratelimit-renewalperiod-tokens" },
    ];

    /// <inheritdoc/>
    public override string Id => "azure-openai";

    /// <inheritdoc/>
    public override Uri? DefaultEndpoint => null;

    /// <inheritdoc/>
    public override Dialect Dialect => Dialect.Azure;

    /// <inheritdoc/>
    public override bool TellsStreamUsageOnRequest(Operation operation, string query) =>
        operation == Operation.ChatCompletions
        && string.CompareOrdinal(Query.Value(query, "api-version") ?? DefaultApiVersion, StreamOptionsSince) >= 0;

    /// <summary>Tokens: the prompt by its characters, and max_tokens times best_of. Without max_tokens, the output foreseen.</summary>
    public override Charge ChargeAtStart(RequestFacts request, in TokenEstimate estimate)
    {
        var input = CharacterEstimate.Of(request, estimate);
        if (request.Operation == Operation.Embeddings)
        {
            return new Charge(1, input, estimate.InputTokens, 0, 1);
        }

        var output = request.MaxOutputTokens * request.Choices ?? estimate.OutputTokens;
        return new Charge(1, input + output, estimate.InputTokens, estimate.OutputTokens, 1);
    }

    /// <inheritdoc/>
    public override Charge ChargeAtEnd(RequestFacts request, in Charge atStart, TokenUsage? usage, OutcomeKind outcome) =>
        KeptCharge.AtEnd(atStart, usage, outcome);

    /// <summary>Chat goes to the deployment's own path, the newer APIs to <c>/openai/v1</c>, which takes the deployment from the body.</summary>
    public override UpstreamAddress Address(ProviderTarget target, Operation operation, string query)
    {
        var path = Path(operation).Replace("{model}", Uri.EscapeDataString(target.Model), StringComparison.Ordinal);
        if (operation != Operation.ChatCompletions)
        {
            query = Query.Without(query, "api-version");
        }
        else if (Query.Value(query, "api-version") is null)
        {
            query = Query.With(query, "api-version", DefaultApiVersion);
        }

        return Opened(target, Endpoints.Join(target.Endpoint, path, query));
    }

    /// <summary>OpenAI's API stands under <c>/openai/v1</c>; Azure's own paths stay as they are.</summary>
    public override UpstreamAddress? PassedAddress(ProviderTarget target, PassedPath path, string query) => path.Api switch
    {
        ProviderApi.OpenAI => Opened(target, Endpoints.Join(target.Endpoint, $"/openai{path.At(target.Model)}", Query.Without(query, "api-version"))),
        ProviderApi.Azure => Opened(target, Endpoints.Join(
            target.Endpoint,
            path.At(target.Model),
            Query.Value(query, "api-version") is null ? Query.With(query, "api-version", DefaultApiVersion) : query)),
        _ => null,
    };

    /// <inheritdoc/>
    public override string MaxTokensField => "max_completion_tokens";

    /// <inheritdoc/>
    protected override string? PathOf(Operation operation) => operation switch
    {
        Operation.ChatCompletions => "/openai/deployments/{model}/chat/completions",
        Operation.Responses => "/openai/v1/responses",
        Operation.Embeddings => "/openai/v1/embeddings",
        _ => null,
    };

    /// <inheritdoc/>
    protected override void ReadLimits(in HeaderValues headers, LimitTable limits)
    {
        limits.Add(headers, Headers);
        if (LimitNames.SecondsOf(NamedWindow(headers.Text("x-ratelimit-type"))) is not { } seconds)
        {
            return;
        }

        var window = TimeSpan.FromSeconds(seconds);
        limits.Refine(reading => reading with { Window = window });
        if (headers.Reset("x-ratelimit-timeremaining") is { } left)
        {
            limits.Complete(
                limit => limit is { Remaining: 0, ResetSeconds: null } ? limit with { ResetSeconds = left } : limit,
                reading => reading is { Remaining: 0, ResetIn: null } ? reading with { ResetIn = RetryHint.ToSpan(left) } : reading);
        }
    }

    /// <inheritdoc/>
    protected override Verdict? Judge(in Failure failure)
    {
        var type = failure.Headers.Text("x-ratelimit-type") ?? failure.Text;
        return failure.Status == 429 && NamedWindow(type) is { } window ? FailureRules.Judge(failure) with { Window = window } : null;
    }

    /// <inheritdoc/>
    protected override UpstreamAddress Opened(ProviderTarget target, Uri uri) => target.Auth == ProviderAuth.Entra
        ? new UpstreamAddress(uri, []) { Credential = new EntraAccess(TokenScope) }
        : new UpstreamAddress(uri, [new("api-key", target.ApiKey)]);

    // GitHub Models, which has the same front end, names the limit by user, model and window: UserByModelByDay.
    private static string? NamedWindow(string? type) =>
        type is null || !type.Contains("ByModel", StringComparison.OrdinalIgnoreCase) ? null
        : type.Contains("ByDay", StringComparison.OrdinalIgnoreCase) ? Windows.Day
        : type.Contains("ByHour", StringComparison.OrdinalIgnoreCase) ? Windows.Hour
        : type.Contains("ByMinute", StringComparison.OrdinalIgnoreCase) ? Windows.Minute
        : null;

    /// <summary>The counter starts anew each minute, so its reset is when there is room again.</summary>
    protected override double? WaitForReset(in Failure failure) => failure.ResetOfExhausted();

    /// <inheritdoc/>
    protected override RetryHint? EndOfDay(in Failure failure) => DayEnds.AtMidnight(failure);
}
