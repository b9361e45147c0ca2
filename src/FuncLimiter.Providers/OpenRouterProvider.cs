using System.Text.Json;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Providers;

/// <summary>OpenRouter (openrouter.ai: limits, errors, streaming). It reports limits in its own 429s alone.</summary>
internal sealed class OpenRouterProvider : HttpProvider
{
    /// <inheritdoc/>
    public override string Id => "openrouter";

    /// <inheritdoc/>
    public override Uri DefaultEndpoint { get; } = new("https://openrouter.ai");

    /// <inheritdoc/>
    protected override string? PathOf(Operation operation) => operation switch
    {
        Operation.ChatCompletions => "/api/v1/chat/completions",
        Operation.Responses => "/api/v1/responses",
        Operation.Embeddings => "/api/v1/embeddings",
        Operation.Messages => "/api/v1/messages",
        _ => null,
    };

    /// <inheritdoc/>
    protected override void ReadLimits(in HeaderValues headers, LimitTable limits) => limits.Add(headers, [LimitHeaders.Plain]);

    /// <inheritdoc/>
    protected override Verdict? Judge(in Failure failure)
    {
        if (failure.Limits.Named.Count == 0)
        {
            failure.Limits.Add(MetadataHeaders(failure), [LimitHeaders.Plain]);
        }

        if (failure.Says("key limit exceeded"))
        {
            return Verdict.Exhausted();
        }

        return failure.Status switch
        {
            402 when failure.Error.Detail("metadata", "limit_source") == "openrouter_in_flight_budget" =>
                failure.Error.Detail("metadata", "reason") == "weight_exceeds_budget"
                    ? Verdict.Final(Reasons.RequestTooLarge)
                    : Verdict.Full(LimitNames.Concurrent) with { WholeAccount = true },
            429 => JudgeRateLimit(failure),

            // What its moderation found in the input is the caller's, and no other account's to take.
            403 when failure.Error.Detail("metadata", "flagged_input") is not null => Verdict.Final(Reasons.InvalidRequest),
            _ => null,
        };
    }

    /// <summary>The upstream's own hint, and the platform's reset where it stands in the body alone.</summary>
    protected override double? WaitInBody(in Failure failure)
    {
        var metadata = Json.At(failure.Error.Error, "metadata");
        var told = Json.NumberAt(metadata, "retry_after_seconds_raw") is >= 0 and var seconds ? seconds : (double?)null;
        var raw = Json.Text(Json.At(metadata, "raw")) is { Length: <= 4096 } text ? ErrorText.WaitSeconds(text) : null;
        var headers = MetadataHeaders(failure);
        var reset = failure.Headers.Text(LimitHeaders.Plain.Reset!) is null && headers.Number(LimitHeaders.Plain.Remaining) is 0
            ? headers.Reset(LimitHeaders.Plain.Reset!)
            : null;
        return Longest(Longest(base.WaitInBody(failure), raw), Longest(told, Longest(reset, RetryHint.Find(headers, null, null)?.Seconds)));
    }

    /// <inheritdoc/>
    protected override double? WaitForReset(in Failure failure) => failure.ResetOfExhausted();

    /// <inheritdoc/>
    protected override RetryHint? EndOfDay(in Failure failure) => DayEnds.AtMidnight(failure);

    private static Verdict JudgeRateLimit(in Failure failure)
    {
        if (failure.Says("free-models-per-day"))
        {
            return Verdict.Full(LimitNames.Requests, Windows.Day) with { WholeAccount = true };
        }

        if (failure.Says("free-models-per-min"))
        {
            return Verdict.Full(LimitNames.Requests, Windows.Minute) with { WholeAccount = true };
        }

        // Without a provider's name and with the platform's own words or numbers, it is the platform that refused.
        var isPlatform = failure.Error.Detail("metadata", "provider_name") is null
            && (failure.Limits.Named.Count > 0 || failure.Text.StartsWith("Rate limit exceeded", StringComparison.OrdinalIgnoreCase));
        return isPlatform ? FailureRules.Judge(failure) : Verdict.Later(Reasons.UpstreamRateLimit);
    }

    private static HeaderValues MetadataHeaders(in Failure failure)
    {
        var headers = Json.At(failure.Error.Error, "metadata", "headers");
        if (headers.ValueKind != JsonValueKind.Object)
        {
            return HeaderValues.None(failure.Headers.Now);
        }

        string? Find(string name)
        {
            foreach (var header in headers.EnumerateObject())
            {
                if (name.Equals(Json.Name(header), StringComparison.OrdinalIgnoreCase))
                {
                    return header.Value.ValueKind == JsonValueKind.Number ? header.Value.GetRawText() : Json.Text(header.Value);
                }
            }

            return null;
        }

        return new HeaderValues(Find, failure.Headers.Now);
    }
}
