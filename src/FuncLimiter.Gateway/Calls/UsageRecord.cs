using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Calls;

/// <summary>One finished call, or a part of one that goes on, for bills and reports.</summary>
/// <param name="At">When it ended.</param>
/// <param name="Caller">Who called.</param>
/// <param name="Route">The name asked for.</param>
/// <param name="Operation">What was asked.</param>
/// <param name="Deployment">What served it last, as <c>account/model</c>; null where nothing was asked of a provider.</param>
/// <param name="Status">The HTTP status answered; 499 where the caller went away before one.</param>
/// <param name="Usage">The tokens used by all attempts; null where nobody told.</param>
/// <param name="CostUsd">What that costs in US dollars; null without a price or without usage.</param>
/// <param name="Waited">How long it waited for admission, all attempts together.</param>
/// <param name="Duration">From receipt to the last byte.</param>
/// <param name="Attempts">How many times a provider was asked.</param>
internal sealed record UsageRecord(
    DateTimeOffset At,
    Caller Caller,
    string Route,
    Operation Operation,
    string? Deployment,
    int Status,
    TokenUsage? Usage,
    decimal? CostUsd,
    TimeSpan Waited,
    TimeSpan Duration,
    int Attempts)
{
    private const int ClientClosedRequest = 499;

    /// <summary>The part of <see cref="CostUsd"/> that the input costs.</summary>
    public decimal? InputCostUsd { get; init; }

    /// <summary>What became of the call; by its status where nothing else is said.</summary>
    public UsageOutcome Outcome { get; init; } =
        Status is >= 200 and < 400 ? UsageOutcome.Answered
        : Status == ClientClosedRequest ? UsageOutcome.Abandoned
        : Deployment is null && Status is (413 or 429 or 503) ? UsageOutcome.Refused
        : UsageOutcome.Failed;

    /// <summary>Why it was refused; null where it was not, or that is not known.</summary>
    public RefusalReason? RefusedFor { get; init; }

    /// <summary>The tier of the model that served it, or null.</summary>
    public string? Tier { get; init; }

    /// <summary>Whether the provider's batch service answered.</summary>
    public bool IsBatch { get; init; }

    /// <summary>What it was like; null where nobody asks for that.</summary>
    public CallShape? Shape { get; init; }
}

/// <summary>What a call was like, enough to decide on it once more; not what it says.</summary>
/// <param name="Facts">What was read of its request.</param>
/// <param name="Foreseen">The tokens foreseen at its route's first deployment.</param>
internal sealed record CallShape(RequestFacts Facts, TokenEstimate Foreseen)
{
    /// <summary>The longest wait that its caller bore, over its class's own bound; null for none.</summary>
    public TimeSpan? MaxWait { get; init; }

    /// <summary>What is the same for a call that is made again.</summary>
    public long Identity { get; init; }

    /// <summary>Whether its caller names it, so that <see cref="Identity"/> is certain.</summary>
    public bool IsIdentified { get; init; }

    /// <summary>Whether its caller says that it is made again; null where that is not said.</summary>
    public bool? IsBack { get; init; }

    /// <summary>Whether smaller models might serve it.</summary>
    public Diversion Diversion { get; init; }

    /// <summary>The deployments of its route that could not be asked this.</summary>
    public IReadOnlyList<string> NotAt { get; init; } = [];

    /// <summary>The attempts that failed, in their order.</summary>
    public IReadOnlyList<FailedTry> Failures { get; init; } = [];

    /// <summary>Whether the provider itself told what it cost.</summary>
    public bool IsCostTold { get; init; }
}

/// <summary>An attempt that failed.</summary>
/// <param name="Kind">How.</param>
/// <param name="RetryAfter">When to come back, as the provider told it; null where it told nothing.</param>
/// <param name="Took">How long it took.</param>
internal readonly record struct FailedTry(OutcomeKind Kind, TimeSpan? RetryAfter, TimeSpan Took);

/// <summary>What became of a call, for counting.</summary>
internal enum UsageOutcome
{
    /// <summary>It was answered.</summary>
    Answered,

    /// <summary>A provider failed, or said no.</summary>
    Failed,

    /// <summary>FuncLimiter turned it away: no room in time.</summary>
    Refused,

    /// <summary>Its caller went away before it was answered.</summary>
    Abandoned,

    /// <summary>Not its end: there was no room yet, and it waits on.</summary>
    Postponed,

    /// <summary>Not its end: a provider was asked in vain, and it is tried again.</summary>
    Unfinished,
}

/// <summary>Takes what each finished call used, for bills and reports.</summary>
internal interface IUsageSink
{
    /// <summary>Takes one finished call. Called on the call's own path: it must not block, and must not throw.</summary>
    void Record(UsageRecord record);
}
