using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation;
using FuncLimiter.Providers.Translation.Anthropic;

namespace FuncLimiter.Providers;

/// <summary>
/// Vertex AI (cloud.google.com: dynamic shared quota, error code 429, provisioned throughput). The endpoint is
/// <c>https://REGION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/REGION/endpoints/openapi</c>, opened by an access token.
/// Google's own models share a pool without a limit to track; partners' models have quotas.
/// </summary>
internal sealed class VertexProvider : HttpProvider
{
    /// <summary>What a token must be for. Source: "Authenticate to Vertex AI" and "OAuth 2.0 scopes for Google APIs", cloud.google.com.</summary>
    private const string TokenScope = "https://www.googleapis.com/auth/cloud-platform";

    /// <inheritdoc/>
    public override string Id => "vertex";

    /// <inheritdoc/>
    public override Uri? DefaultEndpoint => null;

    /// <inheritdoc/>
    public override bool TellsStreamUsageOnRequest(Operation operation, string query) => operation == Operation.ChatCompletions;

    /// <summary>The project and the location are those of the account's endpoint, whichever the caller named.</summary>
    public override UpstreamAddress? PassedAddress(ProviderTarget target, PassedPath path, string query)
    {
        return path.Api != ProviderApi.Vertex ? base.PassedAddress(target, path, query)
            : PlaceOf(target) is { } place ? Opened(target, new Uri(place + path.At(target.Model) + query))
            : null;
    }

    /// <inheritdoc/>
    public override HostedMessages? Messages => HostedMessages.Vertex;

    /// <inheritdoc/>
    public override Wire WireOf(ProviderTarget target, Operation operation) =>
        operation == Operation.Messages && target.Model.StartsWith("claude", StringComparison.OrdinalIgnoreCase) && PlaceOf(target) is not null
            ? Wire.HostedMessages
            : base.WireOf(target, operation);

    /// <inheritdoc/>
    public override UpstreamAddress AddressOfWire(ProviderTarget target, Operation operation, bool stream) =>
        WireOf(target, operation) == Wire.HostedMessages
            ? Opened(target, new Uri($"{PlaceOf(target)}/publishers/anthropic/models/{Uri.EscapeDataString(target.Model)}:{(stream ? "streamRawPredict" : "rawPredict")}"))
            : base.AddressOfWire(target, operation, stream);

    /// <inheritdoc/>
    protected override UpstreamAddress Opened(ProviderTarget target, Uri uri) => target.Auth == ProviderAuth.Google
        ? new UpstreamAddress(uri, []) { Credential = new GoogleAccess(TokenScope, target.Identity) }
        : base.Opened(target, uri);

    /// <inheritdoc/>
    protected override string? PathOf(Operation operation) => operation == Operation.ChatCompletions ? "/chat/completions" : null;

    /// <summary>The project and the location of an account; null where its endpoint names none.</summary>
    private static string? PlaceOf(ProviderTarget target)
    {
        const string compatible = "/endpoints/openapi";
        var endpoint = target.Endpoint.AbsoluteUri.TrimEnd('/');
        return endpoint.EndsWith(compatible, StringComparison.OrdinalIgnoreCase) ? endpoint[..^compatible.Length] : null;
    }

    /// <summary>A quota names what it counts. What names none is the pool that all share: the provider's capacity, not a limit of ours.</summary>
    protected override Verdict? Judge(in Failure failure)
    {
        if (GoogleError.JudgeAccess(failure) is { } access)
        {
            return access;
        }

        if (failure.Status != 429 || failure.Says("provisioned throughput"))
        {
            return null;
        }

        if (!failure.Says("quota") && !failure.Says("online_prediction_") && !GoogleError.Violations(failure.Error).Any())
        {
            return FailureRules.IsTooLarge(failure) ? null : Verdict.Later(Reasons.Overloaded);
        }

        var limit = failure.Says("input_tokens") ? LimitNames.InputTokens
            : failure.Says("output_tokens") ? LimitNames.OutputTokens
            : failure.Says("tokens_per") ? LimitNames.Tokens
            : failure.Says("requests_per") ? LimitNames.Requests
            : GoogleError.Violations(failure.Error).Select(violation => violation.Limit).FirstOrDefault();
        return Verdict.Full(limit, ErrorText.Subject(failure.Text).Window);
    }
}
