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

    // Starts in order of time. Slack = refill less what was taken, both up to the start; slacks fall from first to last. Taken counts from
    // the same beginning and is told less the refill up to the origin, so that neither grows however long the bucket is in use.
    private StartList starts;
    private int count;
    private Instant origin;
    private double taken;
    private double capacity;
    private double guard;
    private double perTick;
    private double tolerance;

    /// <summary>A full bucket.</summary>
    public ContinuousBucket(Limit limit, Caution caution)
        : base(limit, caution) => Measure();

    /// <inheritdoc/>
    public override double Capacity => capacity;

    /// <inheritdoc/>
    public override Instant WholeAt(Instant now) => now + RefillTime(CurrentUse(now));

    /// <inheritdoc/>
    internal override TimeSpan? Round(in Scheduling.RunTime runs) => null;

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
        return now + RefillTime(taken + starts[0].Slack - Refill(now) + amount - (capacity - guard));
    }

    /// <summary>
    /// What a bucket has for one call that has been full for a jitter, it has not for several that go one after another: the first of them
    /// ends its being full.
    /// </summary>
    private protected override Instant FindRoomBeside(double held, double amount, Instant now)
    {
        var lacking = (count == 0 ? 0 : Math.Max(0, taken + starts[0].Slack - Refill(now))) + held + amount - (capacity - guard);
        return held + amount > capacity - guard + tolerance ? Instant.Unknown : now + RefillTime(lacking);
    }

    /// <summary>
    /// What is taken late leaves a full bucket full meanwhile: as far as it has no room to spare, that is lost, once for as many calls as it
    /// has room for, since they are late at the same time. So is the jitter for which the bucket must have been full where a call is as large
    /// as it.
    /// </summary>
    private protected override Instant FindTurn(double amount, double before, in Scheduling.QueueAhead ahead, Instant now)
    {
        var used = count == 0 ? 0 : Math.Max(0, taken + starts[0].Slack - Refill(now));
        var room = capacity - guard;
        var usual = ahead.UsualOf(Dimension) ?? amount;
        var together = Together(usual / Scheduling.QueueAhead.Spread);
        var full = Math.Max(0, amount - room) / PerSecond;
        var lost = TimeSpan.FromSeconds((ahead.Booked * LateSeconds(usual, together) / together) + (ahead.Calls * Math.Max(0, usual - room) / PerSecond));
        return full > 0
            ? FindRoom(amount, now) + RefillTime(before) + lost
            : Instant.Max(FindRoom(amount, now), now + RefillTime(used + before + amount - room) + lost);
    }

    /// <inheritdoc/>
    internal override TimeSpan Apart(double amount)
    {
        if (amount <= 0)
        {
            return TimeSpan.Zero;
        }

        var together = Together(amount);
        return TimeSpan.FromSeconds((amount / PerSecond) + (LateSeconds(amount, together) / together));
    }

    /// <summary>What it has for several at a time when it is whole.</summary>
    internal double Whole => capacity - guard;

    /// <summary>For how many at a time there is room; at least 1.</summary>
    internal double Together(double amount) => Math.Max(1, Math.Floor((capacity - guard) / amount));

    // How long the bucket stands full, and loses refill, when so many callers come late together.
    private double LateSeconds(double amount, double together) =>
        Math.Max(0, Scheduling.QueueAhead.LostFor(together).TotalSeconds - (Math.Max(0, capacity - guard - amount) / PerSecond));

    /// <inheritdoc/>
    protected override void Add(double amount, Instant now)
    {
        Shift(now);
        while (count > 0 && starts[count - 1].Slack <= -taken)
        {
            count--;
        }

        if (count == 0)
        {
            taken = 0;
        }

        starts[count++] = (now, -taken);
        if (count > MostStarts)
        {
            Merge();
        }

        taken += amount;
    }

    /// <inheritdoc/>
    protected override void GiveBack(double amount, Instant takenAt, Instant now)
    {
        taken -= amount;
        if (count == 1 && starts[0].At <= takenAt)
        {
            Forget(now);
            return;
        }

        var kept = 0;

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
        Forget(now);
    }

    /// <inheritdoc/>
    protected override double CurrentUse(Instant now) => count == 0 ? 0 : Math.Max(0, taken + starts[0].Slack - Refill(now));

    /// <inheritdoc/>
    protected override void Reconcile(in LimitReading reading, in Elapsed since, Instant now)
    {
        if (reading.Remaining is not { } remaining)
        {
            return;
        }

        // Stamped when the request left, the report lacks what was taken after; stamped just now, it counts everything. Only less than
        // either would leave was taken by others.
        var free = capacity - CurrentUse(now);
        var most = Math.Max(remaining, remaining + (perTick * (now.Ticks - since.SentAt.Ticks)) - since.Taken);
        if (free > most + reading.Rounding)
        {
            Add(free - most, now);
            return;
        }

        // Being told of more than we believe counts only where the report is of a bucket as large as ours, and what is under way stays held.
        var least = Math.Min(capacity, remaining) - since.Taken - since.UnderWay;
        var reported = reading.ResetIn is { } reset ? remaining + (PerSecond * reset.TotalSeconds) : double.PositiveInfinity;
        if (free < least - reading.Rounding && reported <= capacity * 1.02)
        {
            GiveBack(least - free, now, now);
        }
    }

    /// <inheritdoc/>
    protected override void Learn(double amount, Instant now)
    {
        Shift(now);
        base.Learn(amount, now);
        Measure();
    }

    /// <inheritdoc/>
    protected override MeterState Store(double allowance, Instant now) =>
        new(Dimension, Limit.Window.Ticks, now.Ticks, CurrentUse(now) + allowance) { EntryTicks = [now.Ticks], EntryAmounts = [allowance] };

    /// <inheritdoc/>
    protected override void Load(MeterState state, Instant now)
    {
        // The allowance may have been taken as late as just now, the rest has been coming back since.
        var allowance = state.EntryAmounts.Sum();
        var since = Math.Max(0, now.Ticks - state.AtTicks);
        taken = Math.Max(0, state.Used - allowance - (perTick * since)) + allowance;
        (origin, count) = (now, 1);
        starts[0] = (now, 0);
    }

    private void Measure()
    {
        capacity = Limit.BurstSeconds is { } seconds ? Math.Min(Effective, Math.Max(1, seconds * PerSecond)) : Effective;
        guard = Math.Min(capacity / 2, PerSecond * Caution.Jitter.TotalSeconds);
        perTick = PerSecond / TimeSpan.TicksPerSecond;
        tolerance = perTick + (capacity * 1e-9);
    }

    private double Refill(Instant at) => perTick * (at.Ticks - origin.Ticks);

    // How long an amount takes to come back, rounded up, so that waiting for it is enough.
    private TimeSpan RefillTime(double amount) => amount <= tolerance ? TimeSpan.Zero : TimeSpan.FromTicks((long)Math.Ceiling(amount / perTick));

    private void Shift(Instant now)
    {
        taken -= Refill(now);
        origin = now;
    }

    // A bucket that has been full for a jitter has nothing to remember.
    private void Forget(Instant now)
    {
        if (count > 0 && CurrentUse(now) <= 0 && Refill(now) - taken - starts[0].Slack > guard)
        {
            count = 0;
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
