using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Responses;

/// <summary>The stable words for how a response ended, the same for every provider.</summary>
public static class Reasons
{
    /// <summary>Answered.</summary>
    public const string Ok = "ok";

    /// <summary>A rate limit, without saying which. Where it is known, <c>tokens</c>, <c>requests</c>, ... follow.</summary>
    public const string RateLimit = "rate_limit";

    /// <summary>A rate limit of whoever serves behind the provider.</summary>
    public const string UpstreamRateLimit = "upstream_rate_limit";

    /// <summary>Too many calls under way at once.</summary>
    public const string Concurrency = "concurrency";

    /// <summary>Traffic grew too fast; the limit itself was not reached.</summary>
    public const string Acceleration = "acceleration";

    /// <summary>A quota by the calendar day.</summary>
    public const string DailyQuota = "daily_quota";

    /// <summary>A quota by the calendar month.</summary>
    public const string MonthlyQuota = "monthly_quota";

    /// <summary>No money, or a spending cap; only a person can mend it.</summary>
    public const string QuotaExhausted = "quota_exhausted";

    /// <summary>The account's plan does not include this model.</summary>
    public const string NoQuota = "no_quota";

    /// <summary>This one request is larger than the whole limit, or than the body may be.</summary>
    public const string RequestTooLarge = "request_too_large";

    /// <summary>The provider has no capacity.</summary>
    public const string Overloaded = "overloaded";

    /// <summary>A failure inside the provider.</summary>
    public const string ServerError = "server_error";

    /// <summary>The provider gave up waiting.</summary>
    public const string Timeout = "timeout";

    /// <summary>A conflict with another call.</summary>
    public const string Conflict = "conflict";

    /// <summary>The credential is unknown, or not allowed to do this.</summary>
    public const string Auth = "auth";

    /// <summary>The request itself is wrong.</summary>
    public const string InvalidRequest = "invalid_request";

    /// <summary>The outcome that a reason stands for.</summary>
    internal static OutcomeKind KindOf(string reason) => reason switch
    {
        Ok => OutcomeKind.Success,
        Overloaded => OutcomeKind.Overloaded,
        ServerError or Timeout or Conflict => OutcomeKind.TransientFailure,
        QuotaExhausted or NoQuota or MonthlyQuota => OutcomeKind.QuotaExhausted,
        RequestTooLarge or Auth or InvalidRequest => OutcomeKind.Rejected,
        _ => OutcomeKind.RateLimited,
    };
}
