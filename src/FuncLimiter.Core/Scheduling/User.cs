using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>One user of a tenant.</summary>
internal sealed class User(Budget budget) : Allotment(budget)
{
    /// <summary>Calls of the user's that are under way.</summary>
    public int Calls { get; private set; }

    /// <summary>What it may take for now, where it took too much; null for no more than its limits.</summary>
    public UsageCap? Cap { get; set; }

    /// <summary>The first instant at which a charge fits its limits and its cap.</summary>
    public Instant FitsAt(in Charge charge, in Charge certain, Instant now)
    {
        var fits = Budget.FitsAt(charge, certain, now);
        return Cap is { } cap ? Instant.Max(fits, cap.FitsAt(charge, now)) : fits;
    }

    /// <summary>Takes a charge.</summary>
    public void Take(in Charge charge, Instant now)
    {
        Budget.Take(charge, now);
        Cap?.Take(charge, now);
        Calls++;
    }

    /// <summary>When a charge will go out behind others that go as soon as they fit.</summary>
    public Instant Foresee(in Charge charge, in Charge certain, in QueueAhead ahead, Instant now)
    {
        var turn = Budget.Foresee(charge, certain, ahead, now);
        return Cap is { } cap ? Instant.Max(turn, cap.FitsAt(charge, now) + TimeSpan.FromSeconds(ahead.Work)) : turn;
    }

    /// <summary>Takes a charge for a call that is yet to come.</summary>
    public void Hold(in Charge charge, Instant now)
    {
        Budget.Hold(charge);
        Cap?.Take(charge, now);
    }

    /// <summary>Gives back what was held.</summary>
    public void Release(in Charge charge, Instant takenAt, Instant now)
    {
        Budget.Release(charge);
        Cap?.Settle(charge, Charge.None, takenAt, now);
    }

    /// <summary>Replaces a charge by what it came to.</summary>
    public void Settle(in Charge held, in Charge final, Instant takenAt, Instant now)
    {
        Budget.Settle(held, final, takenAt, now);
        Cap?.Settle(held, final, takenAt, now);
        Calls--;
    }

    /// <summary>What a charge costs it, in seconds of what it may take.</summary>
    public double Cost(in Charge charge) => Math.Max(Budget.Cost(charge), Cap?.Cost(charge) ?? 0);

    /// <summary>Its waiting calls that stepped aside for want of room of its own.</summary>
    public List<UserQueue> HeldUp { get; } = [];

    /// <summary>Lets them try again.</summary>
    public void Release()
    {
        while (HeldUp.Count > 0)
        {
            HeldUp[^1].Flow.Resume(HeldUp[^1]);
        }
    }
}

/// <summary>
/// What one user may take for now, in tokens. A call larger than the whole cap goes out when the cap is whole, and is paid off before the
/// next: a cap slows down and never shuts out.
/// </summary>
internal sealed class UsageCap(long tokensPerMinute, Instant since)
{
    private const double BurstSeconds = 5;

    private readonly ContinuousBucket bucket = new(
        new Limit(Dimension.Tokens, Math.Max(1, tokensPerMinute), TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket) { BurstSeconds = BurstSeconds }, Caution.None());

    public Instant FitsAt(in Charge charge, Instant now) => bucket.FitsAt(Math.Min(charge.Tokens, bucket.Capacity), now);

    public void Take(in Charge charge, Instant now) => bucket.Take(charge.Tokens, now);

    public void Settle(in Charge held, in Charge final, Instant takenAt, Instant now)
    {
        // What went out before is not in the bucket, so there is nothing to give back.
        if (takenAt >= since)
        {
            bucket.Settle(held.Tokens, final.Tokens, takenAt, now);
        }
    }

    public double Cost(in Charge charge) => charge.Tokens * bucket.SecondsPerUnit;
}
