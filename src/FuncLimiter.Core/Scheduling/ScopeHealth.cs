using System.Numerics;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>
/// How long a scope rests after a failure, and how it is tried again. A hint is followed exactly; without one the rest doubles with every
/// failure in a row, and is up to half as long again, so that those who failed together do not come back together. After a rest that a
/// failing provider was given, one call goes first, two by a second later, four by the next, until one is answered or the next rest begins:
/// a provider still down costs few calls a second attempt. After a rate limit without a hint, or a quota that is spent, they follow in
/// fifths of the rest. Of a spent quota that is a minute, doubled up to an hour: a day costs some thirty calls, and one that comes back early
/// (a rolling day, a limit that was raised) is found within the hour.
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
    private const int TrialStepsInARest = 5;
    private const ulong Mixer = 0x9E3779B97F4A7C15;

    private int failures;
    private Instant restingUntil;
    private bool isOnTrial;
    private int trials;
    private TimeSpan trialStep = TrialStep;

    /// <summary>How often a person had opened the scope when this began, see <see cref="Budget.Openings"/>.</summary>
    public int Openings { get; init; }

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
            OutcomeKind.QuotaExhausted when Spread(Doubled(QuotaRest, MostQuotaRest, failures), now) is var pause =>
                observation.LikelyEnd < pause ? observation.LikelyEnd.Value : pause,
            OutcomeKind.TransientFailure when failures < TransientFailuresBeforeRest => TimeSpan.Zero,
            OutcomeKind.TransientFailure => Spread(Doubled(FirstRest, MostRest, failures - TransientFailuresBeforeRest + 1), now),
            _ => Spread(Doubled(FirstRest, MostRest, failures), now),
        };
        restingUntil = Instant.Max(restingUntil, now + rest);
        if (rest > TimeSpan.Zero && observation is not { Kind: OutcomeKind.RateLimited, RetryAfter: not null })
        {
            var isOfALimit = observation.Kind is OutcomeKind.RateLimited or OutcomeKind.QuotaExhausted;
            (isOnTrial, trials, trialStep) = (true, 0, isOfALimit ? rest / TrialStepsInARest : TrialStep);
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
        return steps > MostTrialSteps ? now : restingUntil + (trialStep * steps);
    }

    /// <summary>A call goes out.</summary>
    public void Take() => trials += isOnTrial ? 1 : 0;

    // What differs between those who failed together is the instant at which they heard of it: its ticks stand for chance.
    private static TimeSpan Spread(TimeSpan rest, Instant now) => rest + (rest / 2 * (((ulong)now.Ticks * Mixer >> 11) / (double)(1UL << 53)));

    private static TimeSpan Doubled(TimeSpan first, TimeSpan most, int times) =>
        TimeSpan.FromTicks(Math.Min(most.Ticks, first.Ticks << Math.Clamp(times - 1, 0, 20)));
}
