using System.Numerics;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Routing;

/// <summary>
/// How long a scope rests after a failure, and how it is tried again. A hint is followed exactly; without one the rest doubles with every
/// failure in a row. After a rest that a failing provider was given, one call goes first, two by a second later, four by the next, until
/// one is answered or the next rest begins: a provider still down costs few calls a second attempt.
/// </summary>
internal sealed class ScopeHealth
{
    private static readonly TimeSpan FirstRest = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan MostRest = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan QuotaRest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MostQuotaRest = TimeSpan.FromHours(1);
    private const int TransientFailuresBeforeRest = 3;

    private static readonly TimeSpan TrialStep = TimeSpan.FromSeconds(1);
    private const int MostTrialSteps = 10;

    private int failures;
    private Instant restingUntil;
    private bool isOnTrial;
    private int trials;

    /// <summary>The rest that an outcome calls for; zero for none.</summary>
    /// <param name="observation">The outcome.</param>
    /// <param name="sentAt">When the call left: failures of calls that left before the last rest began are news of the same trouble.</param>
    /// <param name="now">Now.</param>
    public TimeSpan Rest(Observation observation, Instant sentAt, Instant now)
    {
        if (observation.Kind is OutcomeKind.Success)
        {
            // What left before the rest says nothing of how things are after it.
            if (!isOnTrial || sentAt >= restingUntil)
            {
                (failures, isOnTrial) = (0, false);
            }

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
        if (rest > TimeSpan.Zero && observation.Kind != OutcomeKind.RateLimited)
        {
            (isOnTrial, trials) = (true, 0);
        }

        return rest;
    }

    /// <summary>From when on another call may try it; <paramref name="now"/> or earlier where one may at once.</summary>
    public Instant OpensAt(Instant now)
    {
        if (!isOnTrial)
        {
            return now;
        }

        var steps = trials == 0 ? 0 : BitOperations.Log2((uint)trials) + 1;
        return steps > MostTrialSteps ? now : restingUntil + (TrialStep * steps);
    }

    /// <summary>A call goes out.</summary>
    public void Take() => trials += isOnTrial ? 1 : 0;

    private static TimeSpan Doubled(TimeSpan first, TimeSpan most, int times) =>
        TimeSpan.FromTicks(Math.Min(most.Ticks, first.Ticks << Math.Clamp(times - 1, 0, 20)));
}
