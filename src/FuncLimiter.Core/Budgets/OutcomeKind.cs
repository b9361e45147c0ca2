namespace FuncLimiter.Core.Budgets;

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
