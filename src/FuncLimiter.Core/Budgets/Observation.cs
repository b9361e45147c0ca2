namespace FuncLimiter.Core.Budgets;

/// <summary>What a response said of the limits.</summary>
/// <param name="Kind">How the attempt ended.</param>
public sealed record Observation(OutcomeKind Kind)
{
    /// <summary>The headers' readings; empty where the provider reports none.</summary>
    public IReadOnlyList<LimitReading> Readings { get; init; } = [];

    /// <summary>The provider's hint on a failure: not before this span has passed. Always null on success.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The dimension that was full, where the failure named it.</summary>
    public Dimension? Dimension { get; init; }

    /// <summary>True where the failure concerns the whole account, not one model.</summary>
    public bool WholeAccount { get; init; }

    /// <summary>
    /// In how long a day's quota that is spent is likely whole again, where nobody vouches for it: callers are told it, and the scope is
    /// tried now and then before. Null for anything else.
    /// </summary>
    public TimeSpan? LikelyEnd { get; init; }

    /// <summary>True where a tenant tells it, and not the provider's own answer.</summary>
    public bool IsHearsay { get; init; }

    /// <summary>The same readings without the failure: for a scope that the failure does not concern.</summary>
    internal Observation ReadingsOnly() => new(OutcomeKind.Rejected) { Readings = Readings };
}

/// <summary>How one attempt at a provider ended, as far as budgets and pacing care.</summary>
public enum OutcomeKind
{
    /// <summary>Answered; nothing to learn but the limits.</summary>
    Success,

    /// <summary>Refused for a rate limit; the same call can work later.</summary>
    RateLimited,

    /// <summary>The provider has no capacity (503, 529); says nothing of our budgets, but the scope must rest.</summary>
    Overloaded,

    /// <summary>Failed for a reason that may pass (500, 408, reset, time-out).</summary>
    TransientFailure,

    /// <summary>The account has no money or no quota; only a person can mend it.</summary>
    QuotaExhausted,

    /// <summary>This call can never succeed here (larger than the limit, malformed, forbidden).</summary>
    Rejected,
}
