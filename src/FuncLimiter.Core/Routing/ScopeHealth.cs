using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Routing;

/// <summary>How long a scope rests after a failure. A hint is followed exactly; without one the rest doubles with every failure in a row.</summary>
internal sealed class ScopeHealth
{
    private static readonly TimeSpan FirstRest = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan MostRest = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan QuotaRest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MostQuotaRest = TimeSpan.FromHours(1);
    private const int TransientFailuresBeforeRest = 3;

    private int failures;
    private Instant restingUntil;

    /// <summary>The rest that an outcome calls for; zero for none.</summary>
    /// <param name="observation">The outcome.</param>
    /// <param name="sentAt">When the call left: failures of calls that left before the last rest began are news of the same trouble.</param>
    /// <param name="now">Now.</param>
    public TimeSpan Rest(Observation observation, Instant sentAt, Instant now)
    {
        if (observation.Kind is OutcomeKind.Success)
        {
            failures = 0;
            return TimeSpan.Zero;
        }

        if (observation.Kind is OutcomeKind.Rejected)
        {
            return TimeSpan.Zero;
        }

        if (sentAt >= restingUntil)
        {
            failures++;
        }

        var rest = observation.Kind switch
        {
            _ when observation.RetryAfter is { } hint => hint,
            OutcomeKind.QuotaExhausted => Doubled(QuotaRest, MostQuotaRest, failures),
            OutcomeKind.TransientFailure when failures < TransientFailuresBeforeRest => TimeSpan.Zero,
            OutcomeKind.TransientFailure => Doubled(FirstRest, MostRest, failures - TransientFailuresBeforeRest + 1),
            _ => Doubled(FirstRest, MostRest, failures),
        };
        restingUntil = Instant.Max(restingUntil, now + rest);
        return rest;
    }

    private static TimeSpan Doubled(TimeSpan first, TimeSpan most, int times) =>
        TimeSpan.FromTicks(Math.Min(most.Ticks, first.Ticks << Math.Clamp(times - 1, 0, 20)));
}
