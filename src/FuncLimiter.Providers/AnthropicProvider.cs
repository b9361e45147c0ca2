using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Providers.Addressing;
using FuncLimiter.Providers.Charging;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Providers;

/// <summary>Anthropic (platform.claude.com: rate limits, errors, service tiers, prompt caching).</summary>
internal sealed class AnthropicProvider : HttpProvider
{
    private const string DefaultVersion = "2023-06-01";

    private static readonly LimitHeaders[] Headers =
    [
        LimitHeaders.Prefixed(LimitNames.Requests, "anthropic-ratelimit-requests").ByTheMinute(),
        LimitHeaders.Prefixed(LimitNames.Tokens, "anthropic-ratelimit-tokens").ByTheMinute(),
        LimitHeaders.Prefixed(LimitNames.InputTokens, "anthropic-ratelimit-input-tokens").ByTheMinute(),
        LimitHeaders.Prefixed(LimitNames.OutputTokens, "anthropic-ratelimit-output-tokens").ByTheMinute(),
        LimitHeaders.Prefixed("priorityInputTokens", "anthropic-priority-input-tokens"),
        LimitHeaders.Prefixed("priorityOutputTokens", "anthropic-priority-output-tokens"),
        LimitHeaders.Prefixed("fastInputTokens", "anthropic-fast-input-tokens"),
        LimitHeaders.Prefixed("fastOutputTokens", "anthropic-fast-output-tokens"),
    ];

    private const string Plan = "anthropic-ratelimit-unified";

    private static readonly string[] PlanWindows = ["5h", "7d"];

    /// <inheritdoc/>
    public override string Id => "anthropic";

    /// <inheritdoc/>
    public override Uri DefaultEndpoint { get; } = new("https://api.anthropic.com");

    /// <inheritdoc/>
    public override Dialect Dialect => Dialect.Anthropic;

    /// <summary>
    /// Input without cache reads, of which there are none unasked, and the output foreseen; max_tokens does not matter. Counting tokens is
    /// free and has limits of its own.
    /// </summary>
    public override Charge ChargeAtStart(RequestFacts request, in TokenEstimate estimate)
    {
        if (request.Operation == Operation.CountTokens)
        {
            return Charge.None with { Concurrent = 1 };
        }

        var cached = request.AsksForCache ? estimate.CachedInputTokens : 0;
        return Count(request.Model, estimate.InputTokens, cached, estimate.OutputTokens) with { Concurrent = 1 };
    }

    /// <inheritdoc/>
    public override Charge ChargeAtEnd(RequestFacts request, in Charge atStart, TokenUsage? usage, OutcomeKind outcome)
    {
        if (request.Operation == Operation.CountTokens)
        {
            return Charge.None;
        }

        return SettledCharge.AtEnd(
            atStart, usage is { } used ? Count(request.Model, used.InputTokens, used.CacheReadTokens, used.OutputTokens) : null, outcome);
    }

    /// <inheritdoc/>
    public override UpstreamAddress Address(ProviderTarget target, Operation operation, string query) => Opened(target, Path(operation), query);

    /// <inheritdoc/>
    public override UpstreamAddress? PassedAddress(ProviderTarget target, PassedPath path, string query) =>
        path.Api == ProviderApi.Anthropic ? Opened(target, path.At(target.Model), query) : null;

    /// <inheritdoc/>
    public override Wire WireOf(ProviderTarget target, Operation operation) => Wire.Messages;

    /// <inheritdoc/>
    public override UpstreamAddress AddressOfWire(ProviderTarget target, Operation operation, bool stream) => Address(target, Operation.Messages, "");

    /// <inheritdoc/>
    protected override string? PathOf(Operation operation) => operation switch
    {
        Operation.Messages => "/v1/messages",
        Operation.CountTokens => "/v1/messages/count_tokens",
        _ => null,
    };

    /// <inheritdoc/>
    protected override void ReadLimits(in HeaderValues headers, LimitTable limits)
    {
        limits.Add(headers, Headers);
        foreach (var window in PlanWindows)
        {
            var prefix = $"{Plan}-{window}";
            limits.Add(
                $"unified{window}",
                new NamedLimit(Utilization: headers.Number($"{prefix}-utilization"), ResetSeconds: headers.Reset($"{prefix}-reset")),
                null,
                null);
        }
    }

    /// <inheritdoc/>
    protected override ResponseReading Complete(ResponseReading reading, in HeaderValues headers) => reading.Usage is { } used
        ? reading with { Charged = new ChargedTokens(null, used.InputTokens - used.CacheReadTokens, used.OutputTokens) }
        : reading;

    /// <inheritdoc/>
    protected override Verdict? Judge(in Failure failure)
    {
        if (failure.Error.Detail("details", "error_code") == "enforced_spend_limit_reached"
            || failure.Says("credit balance is too low")
            || failure.Says("specified API usage limits"))
        {
            return Verdict.Exhausted();
        }

        return failure switch
        {
            { Error.Type: "overloaded_error" } => Verdict.Later(Reasons.Overloaded),
            { Status: 429 } => JudgeRateLimit(failure),
            _ => null,
        };
    }

    /// <summary>A plan's window that is used up, unlike a bucket, has room again at its reset.</summary>
    protected override double? WaitForReset(in Failure failure)
    {
        var headers = failure.Headers;
        var used = failure.Limits.Named.Values.Where(limit => limit.Utilization is >= 1).Max(limit => limit.ResetSeconds);
        var rejected = PlanWindows.Select(window => $"{Plan}-{window}").Append(Plan)
            .Where(prefix => headers.Text($"{prefix}-status") == "rejected")
            .Max(prefix => headers.Reset($"{prefix}-reset"));
        return Longest(used, rejected);
    }

    private static UpstreamAddress Opened(ProviderTarget target, string path, string query) =>
        new(Endpoints.Join(target.Endpoint, path, Query.Without(query, "api-version")), [new("x-api-key", target.ApiKey)])
        {
            Defaults = [new("anthropic-version", DefaultVersion)],
        };

    private static Verdict JudgeRateLimit(in Failure failure)
    {
        if (failure.Says("increase rate") || failure.Says("acceleration") || failure.Says("more gradually") || failure.Says("will increase to"))
        {
            return Verdict.Later(Reasons.Acceleration) with { Limit = ErrorText.Subject(failure.Text).Dimension };
        }

        if (FailureRules.IsTooLarge(failure))
        {
            return Verdict.Final(Reasons.RequestTooLarge);
        }

        if (failure.Says("concurrent"))
        {
            return Verdict.Full(LimitNames.Concurrent);
        }

        var limit = failure.Says("input tokens") ? LimitNames.InputTokens
            : failure.Says("output tokens") ? LimitNames.OutputTokens
            : failure.Says("tokens") ? LimitNames.Tokens
            : failure.Says("number of requests") || failure.Says("requests per") ? LimitNames.Requests
            : null;
        return Verdict.Full(limit, failure.Says("daily") || failure.Says("per day") ? Windows.Day : Windows.Minute);
    }

    /// <summary>Cache reads are free, but for Haiku 3.5.</summary>
    private static Charge Count(string model, long input, long cacheRead, long output)
    {
        var counted = Math.Max(0, CountsCacheReads(model) ? input : input - cacheRead);
        return new Charge(1, counted + output, counted, output, 0);
    }

    private static bool CountsCacheReads(string model) =>
        model.Contains("haiku-3-5", StringComparison.OrdinalIgnoreCase) || model.Contains("3-5-haiku", StringComparison.OrdinalIgnoreCase);
}
