using System.Globalization;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Errors;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Headers;

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
