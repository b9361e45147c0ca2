using System.Runtime.CompilerServices;

namespace FuncLimiter.Core.Budgets;

/// <summary>
/// A bucket that refills continuously. What is used at time t is the largest surplus of any span that ends there:
/// <c>max over s of taken(s, t) - rate * (t - s)</c>. The bucket keeps the few starting points s that can still be that maximum, and so
/// can give back a part of an earlier charge exactly: a span that begins after the charge does not shrink by it.
/// </summary>
/// <remarks>
/// Worked: 100 units, 10 per second. At 0 s 100 are taken, at 5 s (50 used) 50 more, at 6 s 90 are used. Now 90 of the first charge come
/// back. Without them the bucket would have been full at 1 s, so at 6 s 40 are used, not 0.
/// </remarks>
public sealed class ContinuousBucket : Meter
{
    private const int MostStarts = 12;
    private const double RebaseAbove = 1e12;

    // Starts in order of time; slack = refill since the origin less what was taken before the start. Slacks fall from first to last.
    private int count;
    private StartList starts;
    private Instant origin;
    private double taken;
    private double capacity;
    private double guard;
    private double perTick;

    /// <summary>A full bucket.</summary>
    public ContinuousBucket(Limit limit, Caution caution)
        : base(limit, caution) => Measure();

    /// <inheritdoc/>
    public override double Capacity => capacity;

    /// <inheritdoc/>
    public override Instant WholeAt(Instant now) => count == 0 ? now : Instant.Max(now, Reaches(taken + starts[0].Slack));

    /// <inheritdoc/>
    protected override Instant FindRoom(double amount, Instant now)
    {
        if (amount > capacity)
        {
            return Instant.Never;
        }

        if (count == 0)
        {
            return now;
        }

        // An amount above the guarded capacity goes out when the bucket has been full for a jitter.
        var refill = taken + starts[0].Slack + amount - (capacity - guard);
        return refill <= Refill(now) ? now : Instant.Max(now, Reaches(refill));
    }

    /// <inheritdoc/>
    protected override void Add(double amount, Instant now)
    {
        if (count == 0 || taken > RebaseAbove)
        {
            Rebase(CurrentUse(now), now);
        }

        var slack = Refill(now) - taken;
        while (count > 0 && starts[count - 1].Slack <= slack)
        {
            count--;
        }

        starts[count++] = (now, slack);
        if (count > MostStarts)
        {
            Merge();
        }

        taken += amount;
    }

    /// <inheritdoc/>
    protected override void GiveBack(double amount, Instant takenAt, Instant now)
    {
        var kept = 0;
        taken -= amount;

        // A span that starts after the charge keeps its surplus: with less taken in all, its slack is larger by as much.
        for (var i = 0; i < count; i++)
        {
            var start = starts[i];
            if (start.At > takenAt)
            {
                start.Slack += amount;
            }

            while (kept > 0 && starts[kept - 1].Slack <= start.Slack)
            {
                kept--;
            }

            starts[kept++] = start;
        }

        count = kept;
        if (count > 0 && CurrentUse(now) <= 0 && Refill(now) - taken - starts[0].Slack > guard)
        {
            count = 0;
        }
    }

    /// <inheritdoc/>
    protected override double CurrentUse(Instant now) => count == 0 ? 0 : Math.Max(0, taken + starts[0].Slack - Refill(now));

    /// <inheritdoc/>
    protected override void Reconcile(in LimitReading reading, Instant sentAt, double takenSinceSent, Instant now)
    {
        if (reading.Remaining is not { } remaining)
        {
            return;
        }

        var free = Capacity - CurrentUse(now);
        var most = Math.Min(Capacity, remaining + (PerSecond * (now - sentAt).TotalSeconds)) - takenSinceSent;
        if (free > most + Rounding(reading))
        {
            Add(free - Math.Max(most, -Capacity), now);
            return;
        }

        // Being told of more than we believe counts only where the report is of a bucket as large as ours.
        var least = Math.Min(Capacity, remaining) - takenSinceSent;
        var reported = reading.ResetIn is { } reset ? remaining + (PerSecond * reset.TotalSeconds) : double.PositiveInfinity;
        if (free < least - Rounding(reading) && reported <= Capacity * 1.02)
        {
            GiveBack(Math.Min(CurrentUse(now), least - free), now, now);
        }
    }

    /// <inheritdoc/>
    protected override void Learn(double amount, Instant now)
    {
        var used = CurrentUse(now);
        base.Learn(amount, now);
        Measure();
        if (used > 0)
        {
            Rebase(used, now);
        }
        else
        {
            count = 0;
        }
    }

    /// <inheritdoc/>
    protected override MeterState Store(double allowance, Instant now) =>
        new(Dimension, Limit.Window.Ticks, now.Ticks, CurrentUse(now) + allowance);

    /// <inheritdoc/>
    protected override void Load(MeterState state, Instant now)
    {
        var since = Math.Max(0, (now - new Instant(state.AtTicks)).TotalSeconds);
        Rebase(Math.Max(0, state.Used - (PerSecond * since)), now);
    }

    private void Measure()
    {
        capacity = Limit.BurstSeconds is { } seconds ? Math.Min(Effective, Math.Max(1, seconds * PerSecond)) : Effective;
        guard = Math.Min(capacity / 2, PerSecond * Caution.Jitter.TotalSeconds);
        perTick = PerSecond / TimeSpan.TicksPerSecond;
    }

    private double Refill(Instant at) => perTick * (at.Ticks - origin.Ticks);

    // The instant at which the refill since the origin comes to an amount; rounded up, so that waiting for it is enough.
    private Instant Reaches(double refill) => origin + TimeSpan.FromTicks((long)Math.Ceiling(refill / perTick) + 1);

    private void Rebase(double used, Instant now)
    {
        origin = now;
        taken = used;
        count = 0;
        if (used > 0)
        {
            starts[count++] = (now, 0);
        }
    }

    // Of the two neighbours that differ least, the later time and the larger slack: never less than the truth.
    private void Merge()
    {
        var best = 0;
        for (var i = 1; i < count - 1; i++)
        {
            if (starts[i].Slack - starts[i + 1].Slack < starts[best].Slack - starts[best + 1].Slack)
            {
                best = i;
            }
        }

        starts[best] = (starts[best + 1].At, starts[best].Slack);
        for (var i = best + 1; i < count - 1; i++)
        {
            starts[i] = starts[i + 1];
        }

        count--;
    }

    // Within the bucket itself: most have one start, and it then lies beside the rest of the state.
    [InlineArray(MostStarts + 1)]
    private struct StartList
    {
        private (Instant At, double Slack) first;
    }
}
