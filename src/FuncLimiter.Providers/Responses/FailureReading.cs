using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Responses;

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
