using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Responses;

/// <summary>What failures mean where the provider has no rule of its own: by code, by status, and by the usual sentences.</summary>
internal static class FailureRules
{
    /// <summary>Judges a failure; always has an answer.</summary>
    public static Verdict Judge(in Failure failure)
    {
        if (IsOutOfMoney(failure))
        {
            return Verdict.Exhausted();
        }

        if (failure.Error.Code == "slow_down")
        {
            return Verdict.Later(Reasons.Acceleration);
        }

        return failure.Status switch
        {
            401 or 403 => Verdict.Final(Reasons.Auth) with { WholeAccount = failure.Status == 401 },
            408 or 504 or 524 => Verdict.Later(Reasons.Timeout),
            409 => Verdict.Later(Reasons.Conflict),
            413 => Verdict.Final(Reasons.RequestTooLarge),
            429 => JudgeRateLimit(failure),
            498 or 503 or 529 => Verdict.Later(Reasons.Overloaded),

            // A connection to the wrong server, one that came too early, and one that a proxy of the provider's gave up.
            421 or 425 or 499 => Verdict.Later(Reasons.ServerError),
            >= 500 => Verdict.Later(Reasons.ServerError),
            _ => Verdict.Final(Reasons.InvalidRequest),
        };
    }

    /// <summary>A 429: too large for the limit, no capacity, or a limit that is full.</summary>
    public static Verdict JudgeRateLimit(in Failure failure)
    {
        var (limit, window) = ErrorText.Subject(failure.Text);
        limit ??= failure.Error.Type is LimitNames.Tokens or LimitNames.Requests ? failure.Error.Type : NamedLimitOf(failure);
        window ??= ErrorText.SpeaksOfADay(failure.Text) || ErrorText.SpeaksOfADay(failure.Error.Code ?? "") ? Windows.Day : null;
        if (IsTooLarge(failure))
        {
            return Verdict.Final(Reasons.RequestTooLarge) with { Limit = limit, Window = window, IgnoresBody = true };
        }

        // Some name high demand as the reason for a limit that they then name as well.
        if (NamesNoCapacity(failure.Error) || GoogleError.IsWithoutCapacity(failure.Error) || (limit is null && SaysNoCapacity(failure)))
        {
            return Verdict.Later(Reasons.Overloaded);
        }

        return limit is null && failure.Says("concurren") ? Verdict.Full(LimitNames.Concurrent) : Verdict.Full(limit, window);
    }

    /// <summary>The one call is larger than the whole limit, or than its plan or the model take: no wait helps, and the limit is as it was.</summary>
    public static bool IsTooLarge(in Failure failure) =>
        failure.Error.Code is "context_length_exceeded" or "string_above_max_length"
        || failure.Says("request too large")
        || failure.Says("long context")
        || failure.Says("context length")
        || failure.Says("context window")
        || failure.Says("prompt is too long")
        || ErrorText.Hints(failure.Text) is { Limit: { } limit, Requested: { } requested } && requested > limit;

    private static string? NamedLimitOf(in Failure failure) =>
        failure.Says("token rate limit") || failure.Says("tokens rate limit") ? LimitNames.Tokens
        : failure.Says("call rate limit") || failure.Says("request rate limit") || failure.Says("requests rate limit") ? LimitNames.Requests
        : null;

    private static bool IsOutOfMoney(in Failure failure) =>
        failure.Status == 402
        || failure.Error.Type is "insufficient_quota" or "billing_error"
        || failure.Error.Code is "insufficient_quota" or "credit_balance_exhausted" or "organization_usage_limit_exceeded"
            or "billing_hard_limit_reached" or "billing_not_active" or "quota_exceeded"
        || failure.Error.Code?.EndsWith("_spend_limit_exceeded", StringComparison.Ordinal) == true
        || IsMoneyWord(failure.Error.Type)
        || IsMoneyWord(failure.Error.Code)
        || (failure.Status is 403 or 429 && SaysMoney(failure));

    // The words of Moonshot, DeepSeek, Alibaba, ByteDance, Together and Groq.
    private static bool IsMoneyWord(string? word) => word is "exceeded_current_quota_error" or "insufficient_balance" or "Arrearage"
        or "AccountOverdueError" or "credit_limit" or "blocked_api_access" or "insufficient_credits" or "insufficient_funds";

    private static bool SaysMoney(in Failure failure) =>
        failure.Says("insufficient balance")
        || failure.Says("insufficient credit")
        || failure.Says("insufficient funds")
        || failure.Says("spending limit")
        || failure.Says("spend limit")
        || failure.Says("credit balance is too low")
        || failure.Says("out of credits");

    private static bool NamesNoCapacity(ErrorBody error) =>
        error.Type is "resource_unavailable" or "overloaded_error" or "capacity_exceeded"
        || error.Code is "resource_unavailable" or "server_is_overloaded" or "engine_overloaded" or "NoCapacity" or "capacity_exceeded";

    private static bool SaysNoCapacity(in Failure failure) =>
        failure.Says("resource unavailable")
        || failure.Says("overloaded")
        || failure.Says("high demand")
        || failure.Says("high traffic")
        || failure.Says("over capacity")
        || failure.Says("no capacity")
        || failure.Says("insufficient capacity")
        || failure.Says("capacity exceeded");
}

/// <summary>Puts a failure's verdict, hints and overrides together.</summary>
internal static class FailureReading
{
    /// <summary>A hint below this makes even a calendar quota worth waiting for.</summary>
    private const double TrustedHintSeconds = 3600;

    /// <summary>The reading of a failure.</summary>
    public static ResponseReading Make(in Failure failure, Verdict verdict, RetryHint? hint)
    {
        verdict = WeighCalendar(verdict, hint);
        TellWindow(failure.Limits, verdict);
        var retryable = failure.Headers.Text("x-should-retry")?.ToLowerInvariant() switch
        {
            "true" => true,
            "false" => false,
            _ => verdict.Retryable,
        };

        var kind = KindOf(verdict, retryable, hint);
        return new ResponseReading(
            retryable,
            verdict.Reason,
            new Observation(kind)
            {
                Readings = failure.Limits.Readings,
                // An empty account is no fuller after the few seconds that some providers name beside it.
                RetryAfter = kind == OutcomeKind.QuotaExhausted ? null : hint?.ToSpan(),
                Dimension = LimitNames.DimensionOf(verdict.Limit) ?? (kind == OutcomeKind.RateLimited ? failure.Limits.Exhausted() : null),
                WholeAccount = verdict.WholeAccount,
                LikelyEnd = verdict.Reason == Reasons.DailyQuota && hint is null && failure.Headers.Now is { } now ? DayEnds.NextMidnight(now) - now : null,
            })
        {
            RetryAfterSeconds = hint?.Seconds,
            RetryAfterSource = hint?.Source,
            Limits = failure.Limits.Named,
            BodyHints = ErrorText.Hints(failure.Text),
            Message = failure.Error.Message,
        };
    }

    /// <summary>Where headers leave the window open and the text names it, the core hears it.</summary>
    private static void TellWindow(LimitTable limits, Verdict verdict)
    {
        if (LimitNames.DimensionOf(verdict.Limit) is { } dimension && RetryHint.ToSpan(LimitNames.SecondsOf(verdict.Window)) is { } window)
        {
            limits.Refine(reading => reading.Window is null && reading.Dimension == dimension ? reading with { Window = window } : reading);
        }
    }

    /// <summary>A full limit by the day or the month is a quota, unless the provider names a wait that is worth it.</summary>
    private static Verdict WeighCalendar(Verdict verdict, RetryHint? hint) => verdict switch
    {
        { Retryable: false } => verdict,
        { Window: Windows.Month } => verdict with { Reason = Reasons.MonthlyQuota, Retryable = false },
        { Window: Windows.Day } when hint is not { Seconds: < TrustedHintSeconds } => verdict with { Reason = Reasons.DailyQuota, Retryable = false },
        _ => verdict,
    };

    private static OutcomeKind KindOf(in Verdict verdict, bool retryable, RetryHint? hint) => Reasons.KindOf(verdict.Reason) switch
    {
        // Without a time to come back at, a day's quota closes the scope as an empty account does.
        OutcomeKind.RateLimited when verdict.Reason == Reasons.DailyQuota && hint is null => OutcomeKind.QuotaExhausted,
        OutcomeKind.Rejected when retryable => OutcomeKind.TransientFailure,
        var kind => kind,
    };
}
