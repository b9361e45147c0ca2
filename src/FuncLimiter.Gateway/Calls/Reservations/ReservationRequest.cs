using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Providers.Responses;

namespace FuncLimiter.Gateway.Calls.Reservations;

/// <summary>The body of <c>POST /reservations</c>.</summary>
/// <param name="Model">What is asked for: a route's name.</param>
internal sealed record ReservationRequest([property: JsonRequired] string Model)
{
    /// <summary>What will be asked of it, by its path without <c>/v1/</c>; default <c>chat/completions</c>, or <c>messages</c> where the route takes only those.</summary>
    public string? Operation { get; init; }

    /// <summary>The input tokens that the call will use, cached ones included.</summary>
    public long? InputTokens { get; init; }

    /// <summary>The part of them that will be read from the provider's prompt cache.</summary>
    public long? CachedInputTokens { get; init; }

    /// <summary>The output tokens that the call may use; default what such calls are foreseen to use.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>The body of the call, to estimate its tokens from, where they are not given.</summary>
    public JsonElement? Request { get; init; }

    /// <summary><c>interactive</c>, <c>standard</c> or <c>background</c>; as the header where not given.</summary>
    public string? Priority { get; init; }

    /// <summary>The user; as the header where not given.</summary>
    public string? User { get; init; }

    /// <summary>The longest wait in seconds, 0 or more.</summary>
    public double? MaxWaitSeconds { get; init; }

    /// <summary>After how many seconds an unsettled reservation counts as spent, 1 to 3,600; default 300.</summary>
    public double? TtlSeconds { get; init; }
}

/// <summary>The body of <c>POST /reservations/{id}/settlement</c>.</summary>
internal sealed record SettlementRequest
{
    /// <summary>The status that the provider answered; 0 where it was never reached; default 200.</summary>
    public int? Status { get; init; }

    /// <summary>The status with its default.</summary>
    [JsonIgnore]
    public int Answered => Status ?? 200;

    /// <summary>The tokens used; where not given, those of the body, else those estimated.</summary>
    public UsageRequest? Usage { get; init; }

    /// <summary>The provider's response headers. Limits are learned from them only where the tenant's reports are trusted.</summary>
    public Dictionary<string, string>? Headers { get; init; }

    /// <summary>The provider's response body, for example an error.</summary>
    public JsonElement? Body { get; init; }

    /// <summary>What makes no sense in it; null where all does.</summary>
    public GatewayError? Problem() =>
        Answered is not (0 or (>= 100 and <= 599))
            ? GatewayError.BadRequest("invalid_value", $"'status' must be 0 or 100 to 599, not {Status}.", "status")
            : Usage is { IsCredible: false }
                ? GatewayError.BadRequest("invalid_value", "'usage' must hold numbers of tokens from 0 to 10,000,000, the cached ones among the input.", "usage")
                : null;
}

/// <summary>Tokens as they are told.</summary>
/// <param name="InputTokens">All input tokens, cached ones included.</param>
/// <param name="OutputTokens">All output tokens, reasoning included.</param>
/// <param name="CacheReadTokens">Input tokens read from a prompt cache.</param>
/// <param name="CacheWriteTokens">Input tokens written to one.</param>
/// <param name="ReasoningTokens">Output tokens spent on reasoning.</param>
internal sealed record UsageRequest(
    [property: JsonRequired] long InputTokens,
    [property: JsonRequired] long OutputTokens,
    long CacheReadTokens = 0,
    long CacheWriteTokens = 0,
    long ReasoningTokens = 0)
{
    /// <summary>More than the longest context of any model.</summary>
    private const long MaxTokens = 10_000_000;

    /// <summary>The same for budgets.</summary>
    public TokenUsage ToUsage() => new(InputTokens, OutputTokens, CacheReadTokens, CacheWriteTokens, ReasoningTokens);

    /// <summary>Usage read from a body that an agent sent, where a call can have used this; else null.</summary>
    public static TokenUsage? Credible(TokenUsage? read) =>
        read is { } usage
        && new UsageRequest(usage.InputTokens, usage.OutputTokens, usage.CacheReadTokens, usage.CacheWriteTokens, usage.ReasoningTokens).IsCredible
            ? read
            : null;

    /// <summary>Whether a call can have used this.</summary>
    [JsonIgnore]
    public bool IsCredible =>
        InputTokens is >= 0 and <= MaxTokens
        && OutputTokens is >= 0 and <= MaxTokens
        && CacheReadTokens >= 0
        && CacheWriteTokens >= 0
        && CacheReadTokens <= InputTokens - CacheWriteTokens
        && ReasoningTokens >= 0
        && ReasoningTokens <= OutputTokens;
}

/// <summary>Reads these bodies without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ReservationRequest))]
[JsonSerializable(typeof(SettlementRequest))]
internal sealed partial class ReservationJson : JsonSerializerContext;

/// <summary>Settles a reservation by what its agent tells.</summary>
internal static class ReservationSettlement
{
    /// <summary>Reads what the agent says the provider answered, settles by it, and records what was used.</summary>
    public static ResponseReading Settle(Attempt attempt, SettlementRequest told, CallServices services)
    {
        var said = Settle(attempt, told);
        var spent = default(SpentSoFar).With(attempt);
        services.Usage.Record(new UsageRecord(
            services.Time.GetUtcNow(), attempt.Call.Caller, attempt.Call.Facts.Model, attempt.Call.Facts.Operation, attempt.Deployment.Name, told.Answered,
            spent.Usage, spent.Cost?.TotalUsd, attempt.Waited, attempt.Waited, told.Answered == 0 ? 0 : 1)
        {
            InputCostUsd = spent.Cost?.InputUsd,
        });
        return said;
    }

    private static ResponseReading Settle(Attempt attempt, SettlementRequest told)
    {
        if (told.Answered == 0)
        {
            attempt.SettleUnsent();
            return new ResponseReading(true, "not_sent", new Observation(OutcomeKind.TransientFailure));
        }

        // Names that differ in case only are lines of one header.
        var headers = (told.Headers ?? []).ToLookup(line => line.Key, line => line.Value, StringComparer.OrdinalIgnoreCase);
        var body = told.Body is { } element ? Encoding.UTF8.GetBytes(element.GetRawText()) : [];
        var said = attempt.Read(told.Answered, name => headers.Contains(name) ? string.Join(", ", headers[name]) : null, body);
        attempt.SettleReported(said.Observation, told.Usage?.ToUsage() ?? UsageRequest.Credible(said.Usage));
        return said;
    }
}
