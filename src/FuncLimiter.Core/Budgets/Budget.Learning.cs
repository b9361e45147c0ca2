using FuncLimiter.Core.Leasing;

namespace FuncLimiter.Core.Budgets;

/// <content>What answers, and how late calls leave, tell of the limits.</content>
public sealed partial class Budget
{
    private Instant forgottenAt = Instant.Distant;

    /// <summary>A call is over whose answer reported nothing of the limits.</summary>
    internal void Miss(in Charge held, in Charge final, Instant sentAt)
    {
        foreach (var meter in meters)
        {
            meter.Miss(held[meter.Dimension], final[meter.Dimension], sentAt);
        }
    }

    /// <summary>Learns from what a response said.</summary>
    /// <param name="observation">What it said.</param>
    /// <param name="mark">What <see cref="Taken"/> read once that call was admitted.</param>
    /// <param name="sentAt">When it was admitted.</param>
    public void Observe(Observation observation, in Charge mark, Instant sentAt, Instant now) => Observe(observation, mark, default, sentAt, now);

    /// <summary>The same, of a call whose size is known: what is reported then also tells how the provider charges.</summary>
    internal void Observe(Observation observation, in Charge mark, in SentCall sent, Instant sentAt, Instant now)
    {
        isDirty = true;
        if (observation.LikelyEnd is { } left)
        {
            Spend(observation.Dimension, now + left, now);
        }
        else if (observation.Kind == OutcomeKind.Success && sentAt >= CooldownUntil)
        {
            LikelyEnd = Instant.Distant;
        }

        if (sent.Call.IsTrusted)
        {
            LearnCharges(observation, sent, sentAt, now);
        }

        if (Lease is { } lease)
        {
            Tell(lease, observation, sentAt, now);
            return;
        }

        var since = Taken - mark;
        foreach (var reading in observation.Readings)
        {
            foreach (var meter in meters)
            {
                if (reading.Concerns(meter.Limit))
                {
                    meter.Observe(reading, new(sentAt, since[meter.Dimension], traffic?.UnderWay[meter.Dimension] ?? 0), now);
                }
            }
        }

        if (observation.Kind == OutcomeKind.Success && caution.Reassure(sentAt, now))
        {
            Reconsider(now);
        }
        else if (observation.Kind == OutcomeKind.RateLimited)
        {
            TakeSurprise(observation, sentAt, now);
        }
    }

    /// <summary>A part of what stands taken was likely never used: the meters keep it, and leave it out of what was used since the start.</summary>
    internal void Disregard(Dimension dimension, double amount)
    {
        foreach (var meter in meters)
        {
            if (meter.Dimension == dimension)
            {
                meter.Disregard(amount);
            }
        }
    }

    /// <summary>Takes into account that calls leave so long after they are let out.</summary>
    internal void Delay(TimeSpan by, Instant now)
    {
        if (caution.Delay(by, now))
        {
            Reconsider(now);
        }
    }

    /// <summary>Charges by a rule that a person named. False where nothing here is charged by it.</summary>
    internal bool PinCharging(Dimension dimension, ChargeRule rule, Instant now)
    {
        var isPinned = false;
        foreach (var learner in learners)
        {
            if (learner.Dimension == dimension && learner.Pin(rule, now))
            {
                (isPinned, isDirty) = (true, true);
                Recount(learner, MeterOf(learner.Limit), now);
            }
        }

        return isPinned;
    }

    /// <summary>Forgets what was learned of limits, of how far to stay from them, and of how the provider charges; what was taken stays taken.</summary>
    internal void Forget(Instant now)
    {
        isDirty = true;
        caution.Forget();
        ForgetRules(now);
    }

    /// <summary>Forgets the rules that refusals alone spoke for: something else explains those.</summary>
    internal void ForgetGuesses()
    {
        foreach (var learner in learners)
        {
            if (learner is { IsLearned: true, IsPinned: false, Answers: 0 })
            {
                learner.Forget();
                isDirty = true;
            }
        }
    }

    private void ForgetRules(Instant now)
    {
        foreach (var learner in learners)
        {
            learner.Forget();
        }

        foreach (var meter in meters)
        {
            meter.Unlearn(now);
        }
    }

    // A refusal means that less was free than the call needed. Where the provider named the dimension, only that one is corrected.
    private void TakeSurprise(Observation observation, Instant sentAt, Instant now)
    {
        var foreseen = CooldownUntil > sentAt;
        if (observation.RetryAfter is { } wait)
        {
            CoolDown(now + wait, now, OutcomeKind.RateLimited);
        }

        if (!foreseen)
        {
            caution.Surprise(now);
            Reconsider(now);
        }

        foreach (var meter in meters)
        {
            if (observation.Dimension is { } named && named != meter.Dimension || meter.Limit.Algorithm != LimitAlgorithm.Bucket)
            {
                continue;
            }

            // Nothing is free until the hint's end; what the refused call gives back when it is settled is then its own room.
            var refill = Math.Min(meter.Capacity, meter.PerSecond * Math.Max(0, (CooldownUntil - now).TotalSeconds));
            meter.CountOthers(meter.Capacity - meter.Used(now) + refill, now);
        }
    }

    // Where the day's own counter is known, its end is: the provider says that it is full.
    private void Spend(Dimension? dimension, Instant likelyEnd, Instant now)
    {
        LikelyEnd = likelyEnd;
        if (Lease is null && meters.OfType<CalendarDay>().Where(day => day.Dimension == (dimension ?? day.Dimension)).ToArray() is [var day])
        {
            day.CountOthers(day.Capacity - day.Used(now), now);
            LikelyEnd = day.WholeAt(now);
        }
    }

    private void LearnCharges(Observation observation, in SentCall sent, Instant sentAt, Instant now)
    {
        var call = sent.Call;
        foreach (var learner in learners)
        {
            var meter = MeterOf(learner.Limit);
            var hasHeard = Lease is not null && observation.Readings.Any(reading => reading.Concerns(learner.Limit) && reading.Remaining is not null);
            foreach (var reading in Lease is null ? observation.Readings : [])
            {
                if (reading.Concerns(learner.Limit) && reading.Remaining is { } remaining && observation.Kind == OutcomeKind.Success)
                {
                    hasHeard = true;
                    var most = reading.Limit ?? meter.Capacity;
                    if (learner.Hear(remaining, most, meter.PerSecond, sent, sentAt, now))
                    {
                        Recount(learner, meter, now);
                    }
                }
            }

            if (observation.Kind == OutcomeKind.Success && !hasHeard)
            {
                learner.HearNothing();
            }
            else if (Lease is null && observation.Kind == OutcomeKind.RateLimited && (observation.Dimension ?? learner.Dimension) == learner.Dimension && CooldownUntil <= sentAt)
            {
                learner.Surprise(call.Documented[learner.Dimension], call.Size, meter.Capacity, meter.PerSecond, now);
            }
        }
    }

    // Calls under way were charged by what was thought before.
    private void Recount(ChargeLearner learner, Meter meter, Instant now)
    {
        meter.CountOthers(Math.Min(meter.Capacity, learner.Used(meter.PerSecond, now)) - meter.Used(now), now);
        Disregard(learner.Dimension, learner.Recount());
    }

    /// <summary>Goes by what the owner has learned. Where a person had it forget, this forgets as well.</summary>
    /// <param name="charging">How the provider charges each limit of tokens.</param>
    /// <param name="forgotten">When the owner was last made to forget; <see cref="Instant.Distant"/> for never.</param>
    internal void FollowLearned(IReadOnlyList<ChargeState> charging, Instant forgotten, Instant now)
    {
        if (forgotten != forgottenAt)
        {
            forgottenAt = forgotten;
            ForgetRules(now);
        }

        for (var i = 0; i < learners.Length && charging.Count == learners.Length; i++)
        {
            learners[i].Follow(charging[i]);
        }
    }

    /// <summary>What is used stands by as the owner is asked.</summary>
    internal void NoteUse(Instant now) => usedAtAsk = [.. meters.Select(meter => meter.Used(now))];

    /// <summary>
    /// Takes up what the owner answered to that of buckets: it knows what calls came to that were charged the most they could come to until it
    /// was known how the provider charges.
    /// </summary>
    internal void FollowUse(Instant now)
    {
        for (var i = 0; i < usedAtAsk.Length; i++)
        {
            if (meters[i] is ContinuousBucket)
            {
                meters[i].CountLess(usedAtAsk[i] - (Lease!.Use[i] * meters[i].Capacity), now);
            }
        }

        usedAtAsk = [];
        foreach (var learner in learners)
        {
            if (learner.IsDecided)
            {
                Disregard(learner.Dimension, learner.Recount());
            }
        }
    }

    private Meter MeterOf(Limit limit)
    {
        foreach (var meter in meters)
        {
            if (meter.Dimension == limit.Dimension && meter.Limit.Window == limit.Window)
            {
                return meter;
            }
        }

        return meters[0];
    }

    private void Reconsider(Instant now)
    {
        foreach (var meter in meters)
        {
            meter.Reconsider(now);
        }
    }

    // The owner learns with the next ask; what the provider asked of everybody is obeyed here at once.
    private void Tell(LeasedBudget lease, Observation observation, Instant sentAt, Instant now)
    {
        lease.Hear(observation, sentAt, now);
        foreach (var reading in observation.Readings)
        {
            for (var i = 0; i < meters.Length; i++)
            {
                if (reading.Concerns(meters[i].Limit))
                {
                    meters[i].Note(reading, now);
                }

                if (meters[i] is FixedWindow && reading.Concerns(meters[i].Limit))
                {
                    // When the window ends; what remains is the owner's to judge.
                    meters[i].Observe(reading with { Remaining = null, Limit = null }, new(sentAt), now);
                    lease.HearEnd(i, reading, sentAt, now);
                }
            }
        }

        if (observation.Kind == OutcomeKind.RateLimited)
        {
            lease.Hold.Drain(observation.Dimension, now);
            if (observation.RetryAfter is { } wait)
            {
                CoolDown(now + wait, now);
            }
        }
    }
}
