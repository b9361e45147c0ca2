using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Providers.Addressing;
using FuncLimiter.Providers.Charging;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Translation;
using FuncLimiter.Providers.Translation.Anthropic;

namespace FuncLimiter.Providers;

/// <summary>
/// Amazon Bedrock (docs.aws.amazon.com: quotas, token burndown, Converse, InvokeModel), called with a Bedrock API key or signed. The endpoint tells
/// <c>bedrock-runtime</c>, whose quota joins input and output, from <c>bedrock-mantle</c>, which has one for each.
/// </summary>
internal sealed class BedrockProvider : HttpProvider
{
    /// <inheritdoc/>
    public override string Id => "bedrock";

    /// <inheritdoc/>
    public override Uri? DefaultEndpoint => null;

    /// <inheritdoc/>
    public override bool TellsStreamUsageOnRequest(Operation operation, string query) => operation == Operation.ChatCompletions;

    /// <summary>
    /// Tokens (runtime): uncached input and max_tokens, the model's own maximum where none is given. Input (mantle): the same, as admission
    /// checks it. Output: as foreseen.
    /// </summary>
    public override Charge ChargeAtStart(RequestFacts request, in TokenEstimate estimate)
    {
        var input = Math.Max(0, estimate.InputTokens - estimate.CachedInputTokens);
        if (request.Operation == Operation.Embeddings)
        {
            return new Charge(1, input, input, 0, 1);
        }

        var most = (request.MaxOutputTokens ?? BedrockModel.MaxOutputTokens(request.Model)) * request.Choices;
        return new Charge(1, input + most, input + most, estimate.OutputTokens, 1);
    }

    /// <summary>Tokens (runtime): uncached input, and output times the model's burndown. Input and output (mantle): as used.</summary>
    public override Charge ChargeAtEnd(RequestFacts request, in Charge atStart, TokenUsage? usage, OutcomeKind outcome)
    {
        if (usage is not { } used)
        {
            return SettledCharge.AtEnd(atStart, null, outcome);
        }

        var input = Math.Max(0, used.InputTokens - used.CacheReadTokens);
        var output = used.OutputTokens * BedrockModel.Burndown(request.Model);
        return SettledCharge.AtEnd(atStart, new Charge(1, input + output, input, used.OutputTokens, 0), outcome);
    }

    /// <inheritdoc/>
    public override bool Offers(Operation operation) => operation is Operation.ChatCompletions or Operation.Responses;

    /// <summary>On <c>bedrock-runtime</c> OpenAI's own models alone speak OpenAI's dialect; all others are asked by Converse.</summary>
    public override bool Offers(Operation operation, ProviderTarget target) =>
        Offers(operation) && (IsMantle(target) || target.Model.Contains("openai.", StringComparison.OrdinalIgnoreCase));

    /// <inheritdoc/>
    public override HostedMessages? Messages => HostedMessages.Bedrock;

    /// <inheritdoc/>
    public override Wire WireOf(ProviderTarget target, Operation operation) => IsMantle(target) ? Wire.ChatCompletions
        : operation == Operation.Messages && target.Model.Contains("anthropic.claude", StringComparison.OrdinalIgnoreCase) ? Wire.HostedMessages
        : Wire.Converse;

    /// <inheritdoc/>
    public override UpstreamAddress AddressOfWire(ProviderTarget target, Operation operation, bool stream) => WireOf(target, operation) switch
    {
        Wire.ChatCompletions => base.AddressOfWire(target, operation, stream),
        Wire.HostedMessages => OfModel(target, stream ? "invoke-with-response-stream" : "invoke"),
        _ => OfModel(target, stream ? "converse-stream" : "converse"),
    };

    /// <summary>Bedrock's own paths are those of <c>bedrock-runtime</c>.</summary>
    public override UpstreamAddress? PassedAddress(ProviderTarget target, PassedPath path, string query) => (path.Api, IsMantle(target)) switch
    {
        (ProviderApi.Bedrock, false) => Opened(target, Endpoints.Join(target.Endpoint, path.At(target.Model), query)),
        (ProviderApi.OpenAI, true) => Opened(target, Endpoints.Join(target.Endpoint, path.At(target.Model), Query.Without(query, "api-version"))),
        _ => base.PassedAddress(target, path, query),
    };

    /// <inheritdoc/>
    public override UpstreamAddress Address(ProviderTarget target, Operation operation, string query)
    {
        var path = Path(operation);
        if (IsMantle(target))
        {
            path = path["/openai".Length..];
        }

        return Opened(target, Endpoints.Join(target.Endpoint, path, Query.Without(query, "api-version")));
    }

    /// <inheritdoc/>
    public override StreamUsageReader ReadStream() => new BedrockStreamReader(NewStream(new LimitTable(), null));

    /// <inheritdoc/>
    protected override string? PathOf(Operation operation) => operation switch
    {
        Operation.ChatCompletions => "/openai/v1/chat/completions",
        Operation.Responses => "/openai/v1/responses",
        _ => null,
    };

    /// <inheritdoc/>
    protected override StreamUsageReader? OpenStream(string? contentType, LimitTable limits, DateTimeOffset now) =>
        contentType?.Contains("eventstream", StringComparison.OrdinalIgnoreCase) == true
            ? new BedrockStreamReader(NewStream(limits, now))
            : base.OpenStream(contentType, limits, now);

    /// <inheritdoc/>
    protected override ResponseReading Complete(ResponseReading reading, in HeaderValues headers)
    {
        var told = new UsageFields(
            Count(headers, "input"), Count(headers, "output"), Count(headers, "cache-read-input"), Count(headers, "cache-write-input"), null, null,
            ExcludesCache: true);
        return reading.Usage is null && !told.IsEmpty ? reading with { Usage = told.ToUsage() } : reading;
    }

    /// <inheritdoc/>
    protected override Verdict? Judge(in Failure failure) => ExceptionOf(failure) switch
    {
        "throttling" or "toomanyrequests" => JudgeThrottling(failure),
        "modelnotready" or "serviceunavailable" => Verdict.Later(Reasons.Overloaded),
        "modeltimeout" => Verdict.Later(Reasons.Timeout),
        "modelerror" or "modelstreamerror" or "internalserver" or "internalfailure" => Verdict.Later(Reasons.ServerError),
        "servicequotaexceeded" => Verdict.Exhausted() with { WholeAccount = false },
        "accessdenied" or "unrecognizedclient" or "expiredtoken" => Verdict.Final(Reasons.Auth),
        "validation" or "resourcenotfound" => Verdict.Final(Reasons.InvalidRequest),
        _ when failure.Status == 429 => JudgeThrottling(failure),
        _ => null,
    };

    /// <summary>
    /// Each endpoint is a service of its own in signatures, as the official SDKs have it (<c>AWSSDK.BedrockRuntime</c> and openai's
    /// <c>providers/bedrock/aws</c>: <c>bedrock</c> and <c>bedrock-mantle</c>).
    /// </summary>
    protected override UpstreamAddress Opened(ProviderTarget target, Uri uri) => target.Auth == ProviderAuth.Aws
        ? new UpstreamAddress(uri, []) { Credential = new AwsAccess(IsMantle(target) ? "bedrock-mantle" : "bedrock", BedrockRegion.Of(target.Endpoint, target.Region)!, target.Identity) }
        : base.Opened(target, uri);

    private UpstreamAddress OfModel(ProviderTarget target, string what) =>
        Opened(target, Endpoints.Join(target.Endpoint, $"/model/{Uri.EscapeDataString(target.Model)}/{what}", ""));

    private static bool IsMantle(ProviderTarget target) => BedrockRegion.IsMantle(target.Endpoint);

    private static Verdict JudgeThrottling(in Failure failure)
    {
        if (failure.Says("request rate is too high") || failure.Says("reduce the frequency"))
        {
            return Verdict.Later(Reasons.Acceleration);
        }

        var (limit, window) = ErrorText.Subject(failure.Text);
        limit ??= failure.Says("too many tokens") ? LimitNames.Tokens : failure.Says("too many requests") ? LimitNames.Requests : null;
        return limit is null ? FailureRules.JudgeRateLimit(failure) : Verdict.Full(limit, window);
    }

    /// <summary>The exception's name in lower case, without its namespace, its link and the word itself; null where none is told.</summary>
    private static string? ExceptionOf(in Failure failure)
    {
        var name = failure.Headers.Text("x-amzn-errortype") ?? Json.Word(failure.Error.Root, "__type") ?? failure.Error.Type;
        if (name is null)
        {
            return null;
        }

        name = name.Split(':')[0];
        name = name[(name.LastIndexOf('#') + 1)..].ToLowerInvariant();
        return name.EndsWith("exception", StringComparison.Ordinal) ? name[..^"exception".Length] : name;
    }

    private static long? Count(in HeaderValues headers, string what) =>
        headers.Number($"x-amzn-bedrock-{what}-token-count") is { } count and <= 1e15 ? (long)count : null;
}

/// <summary>The region that signatures name.</summary>
public static class BedrockRegion
{
    /// <summary>The account's own, else that of its endpoint's name, as <c>bedrock-runtime.us-east-1.amazonaws.com</c>; null where neither tells one.</summary>
    /// <param name="endpoint">The account's endpoint.</param>
    /// <param name="region">The account's region, or null.</param>
    public static string? Of(Uri endpoint, string? region) =>
        region ?? (endpoint.Host.Split('.') is [var service, var named, _, _, ..] && service.StartsWith("bedrock-", StringComparison.OrdinalIgnoreCase)
            ? named.ToLowerInvariant()
            : null);

    /// <summary>Whether an endpoint is <c>bedrock-mantle</c>, which has quotas of its own.</summary>
    /// <param name="endpoint">The account's endpoint.</param>
    public static bool IsMantle(Uri endpoint) => endpoint.Host.StartsWith("bedrock-mantle", StringComparison.OrdinalIgnoreCase);
}
