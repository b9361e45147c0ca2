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
    /// Which hint won: <c>retry-after-ms</c>, <c>x-ms-retry-after-ms</c>, <c>retry-after</c>, <c>body</c>, <c>reset-header</c>,
    /// <c>daily-reset-pacific</c> or <c>daily-reset-utc</c>.
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

/// <summary>The headers by which a provider reports one limit.</summary>
/// <param name="Name">The limit's name in a reading.</param>
/// <param name="Dimension">What the core calls it; null where the core does not count it.</param>
/// <param name="Limit">The header with the limit.</param>
/// <param name="Remaining">The header with what is left.</param>
/// <param name="Reset">The header with the reset; null where the provider sends none.</param>
internal sealed record LimitHeaders(string Name, Dimension? Dimension, string Limit, string Remaining, string? Reset)
{
    /// <summary>The window that the headers' own names, or the provider's documents, promise.</summary>
    public TimeSpan? Window { get; init; }

    /// <summary>True where the core is told the window, and the reading by name is not.</summary>
    public bool WindowIsImplied { get; init; }

    /// <summary>The header with the window's seconds; null where the provider sends none.</summary>
    public string? Period { get; init; }

    /// <summary>Headers of the form <c>x-ratelimit-(limit|remaining|reset)-suffix</c>.</summary>
    public static LimitHeaders Suffixed(string name, string suffix, TimeSpan? window = null) => new(
        name, LimitNames.DimensionOf(name), $"x-ratelimit-limit-{suffix}", $"x-ratelimit-remaining-{suffix}", $"x-ratelimit-reset-{suffix}")
    {
        Window = window,
    };

    /// <summary>The same, of limits by the minute, though nothing in the response says so.</summary>
    public LimitHeaders ByTheMinute() => this with { Window = TimeSpan.FromMinutes(1), WindowIsImplied = true };

    /// <summary>Headers of the form <c>x-ratelimit-(limit|remaining|reset)</c>.</summary>
    public static readonly LimitHeaders Plain =
        new(LimitNames.Requests, Core.Budgets.Dimension.Requests, "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset");

    /// <summary>Headers of the form <c>prefix-(limit|remaining|reset)</c>.</summary>
    public static LimitHeaders Prefixed(string name, string prefix) =>
        new(name, LimitNames.DimensionOf(name), $"{prefix}-limit", $"{prefix}-remaining", $"{prefix}-reset");
}

/// <summary>One limit as headers or events reported it. Null where unknown.</summary>
/// <param name="Limit">Units per window.</param>
/// <param name="Remaining">Units left.</param>
/// <param name="ResetSeconds">Seconds until whole again, at least 0.</param>
/// <param name="Utilization">Share used, 0 to 1, where that is all that is told.</param>
/// <param name="WindowSeconds">The window's length in seconds, where the provider says it.</param>
public sealed record NamedLimit(
    double? Limit = null, double? Remaining = null, double? ResetSeconds = null, double? Utilization = null, double? WindowSeconds = null)
{
    /// <summary>True where nothing but perhaps a window is known.</summary>
    internal bool IsEmpty => Limit is null && Remaining is null && ResetSeconds is null && Utilization is null;
}

/// <summary>Numbers that a provider wrote into the text of an error. Null where the text is silent.</summary>
/// <param name="Limit">Units per window.</param>
/// <param name="Used">Units taken when the request came.</param>
/// <param name="Requested">Units that the request would have taken.</param>
/// <param name="Window"><c>second</c>, <c>minute</c>, <c>hour</c>, <c>day</c> or <c>month</c>.</param>
/// <param name="Dimension">The limit's name as in <see cref="ResponseReading.Limits"/>, for example <c>tokens</c>.</param>
/// <param name="NextLimit">Units per window that the limit grows to next, where it is one on growth.</param>
public sealed record BodyHints(
    double? Limit = null, double? Used = null, double? Requested = null, string? Window = null, string? Dimension = null, double? NextLimit = null);

/// <summary>What a response says, or its usage implies, that the provider's limiter counted. Null where it is unknown.</summary>
/// <param name="Tokens">Tokens of input and output together.</param>
/// <param name="InputTokens">Input tokens.</param>
/// <param name="OutputTokens">Output tokens.</param>
public sealed record ChargedTokens(long? Tokens = null, long? InputTokens = null, long? OutputTokens = null);

/// <summary>How far a batch at a provider is.</summary>
/// <param name="State">The provider's own word for its state.</param>
/// <param name="Terminal">True when it will not change any more.</param>
/// <param name="Total">Requests in the batch.</param>
/// <param name="Succeeded">Requests answered.</param>
/// <param name="Failed">Requests that ended without an answer, the cancelled and the expired included.</param>
public sealed record BatchStatus(string State, bool Terminal, long Total, long Succeeded, long Failed);
