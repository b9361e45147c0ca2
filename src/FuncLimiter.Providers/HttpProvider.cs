using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Providers.Addressing;
using FuncLimiter.Providers.Charging;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers;

/// <summary>What providers have in common: how a response is read. Each overrides what it does in its own way.</summary>
internal abstract class HttpProvider : Provider
{
    /// <inheritdoc/>
    public override Dialect Dialect => Dialect.OpenAI;

    /// <inheritdoc/>
    public override bool Offers(Operation operation) => PathOf(operation) is not null;

    /// <inheritdoc/>
    public override Charge ChargeAtStart(RequestFacts request, in TokenEstimate estimate)
    {
        var output = request.Operation == Operation.Embeddings ? 0 : estimate.OutputTokens;
        return new Charge(1, estimate.InputTokens + output, estimate.InputTokens, output, 1);
    }

    /// <inheritdoc/>
    public override Charge ChargeAtEnd(RequestFacts request, in Charge atStart, TokenUsage? usage, OutcomeKind outcome) =>
        SettledCharge.AtEnd(
            atStart, usage is { } used ? new Charge(1, used.TotalTokens, used.InputTokens, used.OutputTokens, 0) : null, outcome);

    /// <inheritdoc/>
    public override UpstreamAddress Address(ProviderTarget target, Operation operation, string query) =>
        Opened(target, Endpoints.Join(target.Endpoint, Path(operation), Query.Without(query, "api-version")));

    /// <summary>OpenAI's API stands where its chat completions do.</summary>
    public override UpstreamAddress? PassedAddress(ProviderTarget target, PassedPath path, string query)
    {
        const string version = "/v1";
        const string chat = "/chat/completions";
        return path.Api == ProviderApi.OpenAI && PathOf(Operation.ChatCompletions) is { } known && known.EndsWith(chat, StringComparison.Ordinal)
            ? Opened(
                target,
                Endpoints.Join(target.Endpoint, string.Concat(known.AsSpan(..^chat.Length), path.At(target.Model).AsSpan(version.Length)), Query.Without(query, "api-version")))
            : null;
    }

    /// <inheritdoc/>
    public sealed override ResponseReading Read(
        int status, Func<string, string?> headers, string? contentType, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var values = new HeaderValues(headers, now);
        var limits = new LimitTable();
        ReadLimits(values, limits);
        if (status is < 200 or >= 300)
        {
            return Fail(new Failure(status, ErrorBody.Parse(body), values, limits));
        }

        // Who was answered was not refused by a limit of nothing: some servers write 0 for none.
        limits.Forget(reading => reading.Limit is 0);

        var reading = OpenStream(contentType, limits, now) is { } stream ? ReadWhole(stream, body, limits) : ReadAnswer(body, limits, now);
        return reading.Reason == Reasons.Ok ? Complete(reading, values) : reading;
    }

    /// <inheritdoc/>
    public override StreamUsageReader ReadStream() => NewStream(new LimitTable(), null);

    /// <inheritdoc/>
    public override StreamUsageReader ReadArray() => new JsonArrayUsageReader(NewStream(new LimitTable(), null));

    /// <summary>The path of an operation under the account's endpoint; null where the provider does not offer it. OpenAI's paths by default.</summary>
    protected virtual string? PathOf(Operation operation) => operation switch
    {
        Operation.ChatCompletions => "/v1/chat/completions",
        Operation.Responses => "/v1/responses",
        Operation.Embeddings => "/v1/embeddings",
        _ => null,
    };

    /// <summary>Reads the limits that headers report; none by default.</summary>
    protected virtual void ReadLimits(in HeaderValues headers, LimitTable limits)
    {
    }

    /// <summary>Judges a failure by the provider's own rules; null leaves it to the rules that all share.</summary>
    protected virtual Verdict? Judge(in Failure failure) => null;

    /// <summary>The longest wait that the body of a failure names, in seconds; null for none.</summary>
    protected virtual double? WaitInBody(in Failure failure) =>
        Longest(
            Longest(ErrorText.WaitSeconds(failure.Text), ErrorText.Moment(failure.Text, failure.Headers.Now) is { } moment ? failure.Headers.Until(moment) : null),
            Longest(GoogleError.RetryDelay(failure.Error, failure.Headers), WaitField.Seconds(failure)));

    /// <summary>
    /// The reset of an exhausted window, in seconds; null for buckets, whose reset is the time to full. By default that of the plain
    /// <c>X-RateLimit-*</c> and of the IETF's fields, which gateways write in front of any provider.
    /// </summary>
    protected virtual double? WaitForReset(in Failure failure)
    {
        var isExhausted = failure.Status == 429 && failure.Headers.Text(LimitHeaders.Plain.Remaining) is null
            || failure.Headers.Number(LimitHeaders.Plain.Remaining) is 0;
        var plain = isExhausted ? failure.Headers.Reset(LimitHeaders.Plain.Reset!) : null;
        return Longest(plain, RateLimitFields.ResetOfExhausted(failure.Headers));
    }

    /// <summary>When a day's quota that was refused has room again, by the provider's own documents; null where these say nothing.</summary>
    protected virtual RetryHint? EndOfDay(in Failure failure) => null;

    /// <summary>Makes a usage of what was told.</summary>
    protected virtual TokenUsage? Normalise(UsageFields fields) => fields.ToUsage();

    /// <summary>Adds to the reading of a success what only this provider tells.</summary>
    protected virtual ResponseReading Complete(ResponseReading reading, in HeaderValues headers) => reading;

    /// <summary>A reader for a streamed body of this type; null where the body is no stream.</summary>
    protected virtual StreamUsageReader? OpenStream(string? contentType, LimitTable limits, DateTimeOffset now) =>
        contentType?.Contains("event-stream", StringComparison.OrdinalIgnoreCase) == true ? NewStream(limits, now) : null;

    /// <summary>The reading of an error that came inside a 200.</summary>
    protected ResponseReading FailInside(ErrorBody error, LimitTable limits, DateTimeOffset? now) =>
        Fail(new Failure(EmbeddedStatus.Of(error), error, HeaderValues.None(now), limits));

    /// <summary>The path of an operation that must be offered.</summary>
    protected string Path(Operation operation) =>
        PathOf(operation) ?? throw new NotSupportedException($"{Id} does not offer {operation}.");

    /// <summary>The longer of two waits.</summary>
    protected static double? Longest(double? left, double? right) =>
        left is { } one && right is { } other ? Math.Max(one, other) : left ?? right;

    /// <summary>An address with what opens the account.</summary>
    protected virtual UpstreamAddress Opened(ProviderTarget target, Uri uri) => new(uri, Bearer(target));

    /// <summary>The usual way to authenticate.</summary>
    protected static KeyValuePair<string, string>[] Bearer(ProviderTarget target) => [new("Authorization", $"Bearer {target.ApiKey}")];

    /// <summary>A reader of server-sent events.</summary>
    protected SseUsageReader NewStream(LimitTable limits, DateTimeOffset? now) => new(Normalise, error => FailInside(error, limits, now));

    private ResponseReading ReadAnswer(ReadOnlySpan<byte> body, LimitTable limits, DateTimeOffset now)
    {
        var answer = AnswerBody.Read(body);
        if (answer.Error is { } error)
        {
            return FailInside(error, limits, now) with { Usage = Normalise(answer.Usage) };
        }

        LimitsEvent.Read(answer.LimitsEvent, limits);
        return Succeed(limits) with
        {
            Usage = Normalise(answer.Usage),
            CostUsd = answer.Usage.CostUsd,
            Billed = answer.Usage.Billed,
            Batch = answer.Batch,
        };
    }

    private static ResponseReading ReadWhole(StreamUsageReader stream, ReadOnlySpan<byte> body, LimitTable limits)
    {
        stream.Append(body);
        stream.Append("\n"u8);
        return (stream.Failure ?? Succeed(limits)) with { Usage = stream.Usage, CostUsd = stream.CostUsd, UsageFinal = stream.IsFinal };
    }

    private static ResponseReading Succeed(LimitTable limits) =>
        new(false, Reasons.Ok, new Observation(OutcomeKind.Success) { Readings = limits.Readings }) { Limits = limits.Named };

    private ResponseReading Fail(in Failure failure)
    {
        var verdict = Judge(failure) ?? FailureRules.Judge(failure);
        var hint = verdict.Hint ?? RetryHint.Find(
            failure.Headers, verdict.IgnoresBody ? null : WaitInBody(failure), WaitForReset(failure))
            ?? (verdict.Window == Windows.Day ? EndOfDay(failure) : null);
        return FailureReading.Make(failure, verdict, hint);
    }
}

/// <summary>Reads the members of an error in which gateways and servers tell how long to wait (<c>"retry_after": 12</c>).</summary>
internal static class WaitField
{
    private static readonly string[] InSeconds = ["retry_after", "retryAfter", "retry-after", "retry_after_seconds", "retryAfterSeconds", "estimated_time"];

    private static readonly string[] InMilliseconds = ["retry_after_ms", "retryAfterMs"];

    /// <summary>The longest wait told, in seconds; null where there is none or it makes no sense.</summary>
    public static double? Seconds(Failure failure)
    {
        var error = failure.Error.Error;
        JsonElement[] places = [error, failure.Error.Root, Json.At(error, "metadata"), Json.At(error, "details")];
        return places.Max(place => InSeconds.Select(name => Wait(Json.At(place, name), failure.Headers))
            .Concat(InMilliseconds.Select(name => Json.CountAt(place, name) / 1000.0))
            .Max());
    }

    private static double? Wait(JsonElement value, in HeaderValues headers) => value.ValueKind == JsonValueKind.Number
        ? Json.NumberAt(value) is >= 0 and var seconds ? headers.SecondsOrMoment(seconds) : null
        : Json.Text(value) is { Length: <= 64 } text ? headers.SecondsUntil(text) : null;
}
