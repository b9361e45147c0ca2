using System.Globalization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Calls.Spending;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Calls.Headers;

/// <summary>The headers by which every answer tells its caller how things stand.</summary>
internal sealed class AdmissionHeaders(AlertConfiguration alerts, AlertBoard board)
{
    /// <summary>Sets the headers of what served a call and how long it waited, and those of the budgets.</summary>
    public void Served(CallAnswer answer, AdmissionResult admission, string deployment, TimeSpan waited)
    {
        answer.SetHeader(FuncLimiterHeaders.Deployment, deployment);
        answer.SetHeader(FuncLimiterHeaders.Reason, Reason(admission.Choice));
        Budgets(answer, admission, waited);
    }

    /// <summary>Sets how long a call waited and how full its tightest budget is.</summary>
    public void Budgets(CallAnswer answer, AdmissionResult? admission, TimeSpan waited)
    {
        if (admission?.Spending is { } spending)
        {
            Spending(answer, spending);
        }

        answer.SetHeader(FuncLimiterHeaders.WaitedMs, ((long)waited.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        if (admission?.Tightest is { } budget)
        {
            answer.SetHeader(FuncLimiterHeaders.Pressure, Pressure(budget));
            if (RateLimitHeaders.Tightest(budget) is { } meter)
            {
                answer.SetHeader(FuncLimiterHeaders.RateLimit, RateLimitHeaders.Limit(budget.Name, meter));
                answer.SetHeader(FuncLimiterHeaders.RateLimitPolicy, RateLimitHeaders.Policy(budget.Name, meter));
            }
        }
        else
        {
            answer.SetHeader(FuncLimiterHeaders.Pressure, "normal");
        }
    }

    /// <summary>Sets the headers of a refusal: nothing of the budget that refused is left for this caller before the time told.</summary>
    public void Refused(CallAnswer answer, AdmissionResult? admission, TimeSpan waited, GatewayError error, Dialect dialect, DateTimeOffset now)
    {
        Budgets(answer, admission, waited);
        if (admission?.Tightest is { } refuser && refuser.Name == error.Budget)
        {
            DialectLimits.Set(answer, dialect, refuser, error, now);
        }

        if (error is { Budget: { } budget, RetryAfter: { } retryAfter })
        {
            answer.SetHeader(FuncLimiterHeaders.RateLimit, RateLimitHeaders.Limit(budget, retryAfter));
        }
    }

    private static void Spending(CallAnswer answer, SpendNotice notice)
    {
        if (notice.RunLeft is { } left)
        {
            answer.SetHeader(FuncLimiterHeaders.RunLeft, left);
        }

        if (notice.Warning is { } warning)
        {
            answer.SetHeader(FuncLimiterHeaders.BudgetWarning, HeaderText.Printable(warning));
        }
    }

    /// <summary>Sets what a call cost, where that is known before its answer begins.</summary>
    public static void Cost(CallAnswer answer, Attempt attempt)
    {
        if (default(SpentSoFar).With(attempt).Cost is { } cost)
        {
            answer.SetHeader(FuncLimiterHeaders.CostUsd, Usd(cost.TotalUsd));
        }
    }

    /// <summary>An amount of money as headers have it.</summary>
    public static string Usd(decimal usd) => usd.ToString("0.############", CultureInfo.InvariantCulture);

    /// <summary>Sets when to come back, and whether that can help.</summary>
    public static void Retry(CallAnswer answer, GatewayError error)
    {
        if (error.RetryAfter is { } retryAfter)
        {
            RetryAfter(answer, retryAfter);
        }

        if (!error.ShouldRetry)
        {
            answer.SetHeader(FuncLimiterHeaders.ShouldRetry, "false");
        }
    }

    /// <summary>Sets when to come back.</summary>
    public static void RetryAfter(CallAnswer answer, TimeSpan wait)
    {
        answer.SetHeader("Retry-After", ((long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture));
        answer.SetHeader(FuncLimiterHeaders.RetryAfterMs, ((long)Math.Ceiling(wait.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture));
    }

    private static string Reason(RouteChoice choice) => choice switch
    {
        RouteChoice.Affinity => "affinity",
        RouteChoice.Fallback => "fallback",
        RouteChoice.Diverted => "diverted",
        _ => "headroom",
    };

    /// <summary>How much a caller should slow down by itself: by how full the budget is now, or by an alert that stands.</summary>
    public string Pressure(BudgetReport budget)
    {
        var level = budget.Utilization >= alerts.ActAt ? AlertLevel.Act : budget.Utilization >= alerts.WarnAt ? AlertLevel.Warn : AlertLevel.Normal;
        return AlertLevelName.Of(board.LevelOf(budget.Name) is var standing && standing > level ? standing : level);
    }
}

/// <summary>
/// The rate-limit headers that a caller's own API has (OpenAI and Azure: <c>x-ratelimit-*</c>; Anthropic: <c>anthropic-ratelimit-*</c>), of the
/// budget that refused a call.
/// </summary>
internal static class DialectLimits
{
    /// <summary>Sets them.</summary>
    /// <param name="answer">The refusal.</param>
    /// <param name="dialect">The caller's dialect.</param>
    /// <param name="budget">The budget that refused.</param>
    /// <param name="error">What was refused, and until when.</param>
    /// <param name="now">The present, for dialects whose resets are moments.</param>
    public static void Set(CallAnswer answer, Dialect dialect, BudgetReport budget, GatewayError error, DateTimeOffset now)
    {
        foreach (var meters in budget.Meters.Where(meter => meter.Dimension is not (Dimension.Cost or Dimension.Concurrent)).GroupBy(meter => meter.Dimension))
        {
            if (Name(dialect, meters.Key) is not { } name)
            {
                continue;
            }

            // Of the day's limit and the minute's, the one that is nearer to its end.
            var meter = meters.MinBy(meter => meter.Capacity > 0 ? meter.Remaining / meter.Capacity : 0)!;
            var binds = meter.Dimension == error.Dimension && error.RetryAfter is not null;
            var remaining = binds ? 0 : (long)meter.Remaining;
            var reset = binds ? error.RetryAfter!.Value : TimeSpan.FromSeconds(Math.Max(0, meter.ResetSeconds));
            if (dialect == Dialect.Anthropic)
            {
                answer.SetHeader($"anthropic-ratelimit-{name}-limit", Whole(meter.Effective));
                answer.SetHeader($"anthropic-ratelimit-{name}-remaining", Whole(remaining));
                answer.SetHeader($"anthropic-ratelimit-{name}-reset", (now + reset).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
            }
            else
            {
                answer.SetHeader($"x-ratelimit-limit-{name}", Whole(meter.Effective));
                answer.SetHeader($"x-ratelimit-remaining-{name}", Whole(remaining));
                answer.SetHeader($"x-ratelimit-reset-{name}", Duration(reset));
            }
        }
    }

    /// <summary>A duration as OpenAI writes it: <c>1h2m0s</c>, <c>1m2s</c>, <c>28s</c>, <c>900ms</c>.</summary>
    public static string Duration(TimeSpan span)
    {
        if (span < TimeSpan.FromSeconds(1))
        {
            return string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(span.TotalMilliseconds):0}ms");
        }

        var seconds = (long)Math.Ceiling(span.TotalSeconds);
        var (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(hours > 0 ? $"{hours}h" : "")}{(hours > 0 || minutes > 0 ? $"{minutes}m" : "")}{seconds % 60}s");
    }

    private static string? Name(Dialect dialect, Dimension dimension) => (dialect, dimension) switch
    {
        (_, Dimension.Requests) => "requests",
        (_, Dimension.Tokens) => "tokens",
        (Dialect.Anthropic, Dimension.InputTokens) => "input-tokens",
        (Dialect.Anthropic, Dimension.OutputTokens) => "output-tokens",
        _ => null,
    };

    private static string Whole(double amount) => ((long)Math.Floor(amount)).ToString(CultureInfo.InvariantCulture);
}
