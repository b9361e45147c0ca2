using System.Collections.ObjectModel;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Responses;

/// <summary>Everything that one provider response tells a limiter.</summary>
/// <param name="Retryable">Whether the same request can succeed later without a person's help; false on success.</param>
/// <param name="Reason">A stable word for the outcome, see <see cref="Reasons"/>.</param>
/// <param name="Observation">The same in the core's terms.</param>
public sealed record ResponseReading(bool Retryable, string Reason, Observation Observation)
{
    /// <summary>The provider's hint in seconds, uncapped; null where there is none.</summary>
    public double? RetryAfterSeconds { get; init; }

    /// <summary>
    /// Which hint won: <c>retry-after-ms</c>, <c>x-ms-retry-after-ms</c>, <c>retry-after</c>, <c>body</c>, <c>reset-header</c> or <c>daily-reset-pacific</c>.
    /// </summary>
    public string? RetryAfterSource { get; init; }

    /// <summary>The limits reported, by the provider's dimension name (<c>requests</c>, <c>inputTokens</c>, ...).</summary>
    public IReadOnlyDictionary<string, NamedLimit> Limits { get; init; } = ReadOnlyDictionary<string, NamedLimit>.Empty;

    /// <summary>Tokens used, where the response tells them.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>What the provider says that the call cost, in US dollars; null where it says nothing.</summary>
    public decimal? CostUsd { get; init; }

    /// <summary>The tokens that the provider bills, where it says so beside those used.</summary>
    public ChargedTokens? Billed { get; init; }

    /// <summary>False where a stream was cut before its final usage.</summary>
    public bool UsageFinal { get; init; } = true;

    /// <summary>What the provider's limiter counted, where the response tells it.</summary>
    public ChargedTokens? Charged { get; init; }

    /// <summary>The state of a batch, where the response is one.</summary>
    public BatchStatus? Batch { get; init; }

    /// <summary>Numbers in the text of a failure.</summary>
    public BodyHints? BodyHints { get; init; }

    /// <summary>True where a success says that it was let through above the limit.</summary>
    public bool OverLimit { get; init; }

    /// <summary>The failure's own words, at most a few thousand characters; null on success.</summary>
    public string? Message { get; init; }
}
