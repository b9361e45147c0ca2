using System.Text.RegularExpressions;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Providers.Addressing;
using FuncLimiter.Providers.Charging;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation;

namespace FuncLimiter.Providers;

/// <summary>The Gemini API (ai.google.dev: rate limits, troubleshooting, OpenAI compatibility). It reports limits in failures alone.</summary>
internal sealed partial class GeminiProvider : HttpProvider
{
    /// <inheritdoc/>
    public override string Id => "gemini";

    /// <inheritdoc/>
    public override Uri DefaultEndpoint { get; } = new("https://generativelanguage.googleapis.com");

    /// <inheritdoc/>
    public override bool TellsStreamUsageOnRequest(Operation operation, string query) => operation == Operation.ChatCompletions;

    /// <summary>Tokens are input alone.</summary>
    public override Charge ChargeAtStart(RequestFacts request, in TokenEstimate estimate) =>
        new(1, estimate.InputTokens, estimate.InputTokens, request.Operation == Operation.Embeddings ? 0 : estimate.OutputTokens, 1);

    /// <inheritdoc/>
    public override Charge ChargeAtEnd(RequestFacts request, in Charge atStart, TokenUsage? usage, OutcomeKind outcome) =>
        SettledCharge.AtEnd(
            atStart, usage is { } used ? new Charge(1, used.InputTokens, used.InputTokens, used.OutputTokens, 0) : null, outcome);

    /// <summary>An endpoint that ends in <c>/models</c> is that of Gemini's own API, which is then used for OpenAI's callers too.</summary>
    public override bool Offers(Operation operation, ProviderTarget target) => !IsOwn(target.Endpoint) && Offers(operation);

    /// <inheritdoc/>
    public override Wire WireOf(ProviderTarget target, Operation operation) => Wire.GenerateContent;

    /// <inheritdoc/>
    public override UpstreamAddress AddressOfWire(ProviderTarget target, Operation operation, bool stream)
    {
        var call = $"/v1beta/models/{Uri.EscapeDataString(target.Model)}:{(stream ? "streamGenerateContent" : "generateContent")}";
        return new UpstreamAddress(Endpoints.Join(target.Endpoint, call, stream ? "?alt=sse" : ""), [new("x-goog-api-key", target.ApiKey)]);
    }

    /// <summary>Gemini's own paths stand at the host's root, wherever the account's endpoint points.</summary>
    public override UpstreamAddress? PassedAddress(ProviderTarget target, PassedPath path, string query) => path.Api switch
    {
        ProviderApi.Gemini => new UpstreamAddress(
            Endpoints.Join(Root(target.Endpoint), path.At(target.Model), Query.Without(query, "key")), [new("x-goog-api-key", target.ApiKey)]),
        _ when IsOwn(target.Endpoint) => base.PassedAddress(target with { Endpoint = Root(target.Endpoint) }, path, query),
        _ => base.PassedAddress(target, path, query),
    };

    /// <inheritdoc/>
    protected override string? PathOf(Operation operation) => operation switch
    {
        Operation.ChatCompletions => "/v1beta/openai/chat/completions",
        Operation.Embeddings => "/v1beta/openai/embeddings",
        _ => null,
    };

    /// <inheritdoc/>
    protected override Verdict? Judge(in Failure failure)
    {
        if (GoogleError.JudgeAccess(failure) is { } access)
        {
            return access;
        }

        if (failure.Status != 429 || failure.Error.Code == "quota_exceeded")
        {
            return null;
        }

        var violations = GoogleError.Violations(failure.Error).ToArray();
        var midnight = EndOfDay(failure);
        foreach (var violation in violations)
        {
            var reset = violation.Window == Windows.Day ? midnight?.Seconds : null;
            var window = LimitNames.SecondsOf(violation.Window);
            var isBesideAnother = violations.Any(other => other.Limit == violation.Limit && other.Window != violation.Window);
            failure.Limits.Add(
                violation.Window == Windows.Day && isBesideAnother ? $"{violation.Limit}Day" : violation.Limit,
                new NamedLimit(violation.Value, null, reset, null, window),
                LimitNames.DimensionOf(violation.Limit),
                RetryHint.ToSpan(window));
        }

        if (NoAccess().IsMatch(failure.Text) || violations.Any(violation => violation.Value is 0))
        {
            return Verdict.Final(Reasons.NoQuota);
        }

        if (Array.Find(violations, violation => violation.Window == Windows.Day) is { Limit: { } daily })
        {
            // The body still names a wait of seconds; the quota comes back at midnight in California.
            return Verdict.Final(Reasons.DailyQuota) with
            {
                Limit = daily,
                Window = Windows.Day,
                Hint = midnight,
                IgnoresBody = true,
            };
        }

        return violations.Length > 0 ? Verdict.Full(violations[0].Limit, violations[0].Window) : null;
    }

    /// <inheritdoc/>
    protected override RetryHint? EndOfDay(in Failure failure) => DayEnds.AtPacificMidnight(failure);

    private static bool IsOwn(Uri endpoint) => endpoint.AbsolutePath.TrimEnd('/').EndsWith("/models", StringComparison.OrdinalIgnoreCase);

    private static Uri Root(Uri endpoint)
    {
        var path = endpoint.AbsolutePath.TrimEnd('/');
        foreach (var end in new[] { "/models", "/openai", "/v1beta", "/v1alpha", "/v1" })
        {
            path = path.EndsWith(end, StringComparison.OrdinalIgnoreCase) ? path[..^end.Length] : path;
        }

        return new Uri(endpoint.GetLeftPart(UriPartial.Authority) + path);
    }

    [GeneratedRegex(@"\blimit: 0(?![\d.])", RegexOptions.CultureInvariant)]
    private static partial Regex NoAccess();
}
