using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Responses;

/// <summary>Everything that one provider response tells a limiter.</summary>
/// <param name="Retryable">Whether the same request can succeed later without a person's help; false on success.</param>
/// <param name="Reason">A stable word for the outcome, <c>ok</c> on success, for example <c>rate_limit_tokens</c>.</param>
/// <param name="Observation">The same in the core's terms.</param>
public sealed record ResponseReading(bool Retryable, string Reason, Observation Observation)
{
    /// <summary>The provider's hint in seconds, uncapped; null where there is none.</summary>
    public double? RetryAfterSeconds { get; init; }

    /// <summary>Which hint won: <c>retry-after-ms</c>, <c>retry-after</c>, <c>body</c> or <c>reset</c>.</summary>
    public string? RetryAfterSource { get; init; }

    /// <summary>The limits reported, by the provider's dimension name (<c>requests</c>, <c>inputTokens</c>, ...).</summary>
    public IReadOnlyDictionary<string, NamedLimit> Limits { get; init; } = new Dictionary<string, NamedLimit>();

    /// <summary>Tokens used, where the response tells them.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>False where a stream was cut before its final usage.</summary>
    public bool UsageFinal { get; init; } = true;
}
