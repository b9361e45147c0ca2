namespace FuncLimiter.Core.Budgets;

/// <summary>
/// Any span as long as the window holds at most the limit. Every amount is remembered with its time until the memory is half full;
/// from then on those within a 500th of a window are joined under the later time, which is never too early.
/// </summary>
public sealed class SlidingWindow : Meter
{
    private const int Room = 1024;
    private const int SliceParts = 50;

    // Charges that were foreseen too high by less than this share of what is used are not corrected: each correction passes over the memory.
    private const double Noticeable = 0.005;

    // A ring of amounts with the sums before them, so that the instant of enough room is found by halving.
    private readonly (Instant At, double Before)[] entries = new (Instant, double)[Room];
    private int first;
    private int count;
    private int expired;
    private double taken;
    private Instant lastBegan;
    private ReportedUse reported;

    /// <summary>An empty window.</summary>
    public SlidingWindow(Limit limit, Caution caution)
        : base(limit, caution)
    {
    }

    // Held open a jitter longer; of a short slice a whole jitter would be too large a part.
    private TimeSpan Span => Limit.Window + (Limit.IsSlice && Caution.Jitter > Limit.Window / SliceParts ? Limit.Window / SliceParts : Caution.Jitter);

    private double Sum => count == 0 ? 0 : taken - At(0).Before;

    /// <inheritdoc/>
    public override Instant WholeAt(Instant now) => count == 0 ? now : Instant.Max(now, At(count - 1).At + Span);

    /// <inheritdoc/>
    protected override Instant FindRoom(double amount, Instant now)
    {
        if (amount > Effective)
        {
            return Instant.Never;
        }

        Expire(now);
        var surplus = Sum + amount - Effective;
        if (surplus <= 0)
        {
            return now;
        }

        // The first entry after whose end the sum of those gone is at least the surplus.
        var target = At(0).Before + surplus;
        int low = 0, high = count - 1;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Through(middle) >= target)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return At(low).At + Span;
    }

    /// <inheritdoc/>
    protected override void Add(double amount, Instant now)
    {
        Expire(now);
        if (count == 0)
        {
            (taken, expired) = (0, 0);
        }

        var joins = count > 0 && now == At(count - 1).At || count > Room / 2 && now - lastBegan < Limit.Window / (Room / 2);
        if (joins || count == Room)
        {
            At(count - 1).At = now;
        }
        else
        {
            entries[(first + count) % Room] = (now, taken);
            count++;
            lastBegan = now;
            expired = Math.Min(expired, Room - count);
        }

        taken += amount;
    }

    /// <inheritdoc/>
    internal override void TakeLate(double amount, Instant takenAt, Instant now)
    {
        Expire(now);
        if (amount <= 0 || takenAt + Span <= now)
        {
            return;
        }

        Total += amount;
        if (FirstSince(takenAt) is not (>= 0 and var place))
        {
            Add(amount, Instant.Min(takenAt, now));
            return;
        }

        AddAt(place, amount);
    }

    /// <inheritdoc/>
    protected override void GiveBack(double amount, Instant takenAt, Instant now)
    {
        Expire(now);
        if (takenAt + Span > now && FirstSince(takenAt) is >= 0 and var place)
        {
            AddAt(place, -Math.Min(amount, Through(place) - At(place).Before));
        }
    }

    /// <inheritdoc/>
    internal override double UsedAt(Instant at, in Scheduling.RunTime runs, Instant now) => TakenSince(at - Span + TimeSpan.FromTicks(1));

    /// <inheritdoc/>
    protected override double CurrentUse(Instant now)
    {
        Expire(now);
        return Sum;
    }

    /// <inheritdoc/>
    protected override void Reconcile(in LimitReading reading, in Elapsed since, Instant now)
    {
        if (reading.Remaining is not { } remaining || now - since.SentAt >= Limit.Window)
        {
            return;
        }

        // What was in use when the report was stamped: between what was when the request left, and what is now.
        var used = CurrentUse(now);
        var ours = Math.Max(used, used - since.Taken + ExpiredSince(since.SentAt));
        if (Effective - remaining - ours is var others && others > reading.Rounding)
        {
            Add(others, now);
        }

        if (reading.Limit is { } limit && limit <= Limit.Ceiling)
        {
            reported.Note(limit - remaining, since.SentAt, Caution.Jitter);
            var surplus = used - (reported.Amount + reading.Rounding + since.UnderWay);
            if (surplus > used * Noticeable)
            {
                Forgive(surplus);
            }
        }
    }

    /// <inheritdoc/>
    protected override MeterState Store(double allowance, Instant now)
    {
        Expire(now);
        var ticks = new long[count + 1];
        var amounts = new double[count + 1];
        for (var i = 0; i < count; i++)
        {
            ticks[i] = At(i).At.Ticks;
            amounts[i] = Through(i) - At(i).Before;
        }

        ticks[count] = now.Ticks;
        amounts[count] = allowance;
        return new(Dimension, Limit.Window.Ticks, now.Ticks, Sum + allowance) { EntryTicks = ticks, EntryAmounts = amounts };
    }

    /// <inheritdoc/>
    protected override void Load(MeterState state, Instant now)
    {
        (first, count, expired, taken) = (0, 0, 0, 0);
        var entriesToKeep = Math.Min(state.EntryTicks.Length, state.EntryAmounts.Length);
        for (var i = Math.Max(0, entriesToKeep - Room); i < entriesToKeep; i++)
        {
            // The last entry is the allowance, which may have been taken as late as just now.
            var at = i == entriesToKeep - 1 ? now : Instant.Min(now, new Instant(state.EntryTicks[i]));
            if (at + Span > now && state.EntryAmounts[i] > 0)
            {
                entries[count++] = (at, taken);
                taken += state.EntryAmounts[i];
            }
        }
    }

    /// <inheritdoc/>
    internal override void Miss(double held, double final, Instant sentAt) => reported.Miss(held, final, sentAt, Caution.Jitter);

    /// <summary>What was taken at an instant and after, as far as it is remembered.</summary>
    internal double TakenSince(Instant instant)
    {
        for (var i = 0; i < count; i++)
        {
            if (At(i).At >= instant)
            {
                return taken - At(i).Before;
            }
        }

        return 0;
    }

    // What went out of the window after an instant, as far as its place has not been used again.
    private double ExpiredSince(Instant instant)
    {
        var oldest = 0;
        while (-oldest < expired && At(oldest - 1).At + Span > instant)
        {
            oldest--;
        }

        return oldest < 0 ? (count == 0 ? taken : At(0).Before) - At(oldest).Before : 0;
    }

    // Too much was counted, nobody knows in which entries. The oldest lose it: so at no later time is less counted than is true, however the
    // surplus was spread.
    private void Forgive(double amount)
    {
        var below = At(0).Before + amount;
        for (var i = 0; i < count && At(i).Before < below; i++)
        {
            At(i).Before = below;
        }

        for (var i = 1; i <= expired; i++)
        {
            At(-i).Before += amount;
        }
    }

    // The first entry that is not earlier than an instant, in which a charge of then stands; -1 where all are.
    private int FirstSince(Instant instant)
    {
        int low = 0, high = count - 1;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (At(middle).At >= instant)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return count > 0 && At(low).At >= instant ? low : -1;
    }

    private void AddAt(int place, double amount)
    {
        for (var i = place + 1; i < count; i++)
        {
            At(i).Before += amount;
        }

        taken += amount;
    }

    private ref (Instant At, double Before) At(int index) => ref entries[(first + index + Room) % Room];

    // What was taken up to the end of an entry.
    private double Through(int index) => index == count - 1 ? taken : At(index + 1).Before;

    private void Expire(Instant now)
    {
        while (count > 0 && At(0).At + Span <= now)
        {
            first = (first + 1) % Room;
            count--;
            expired++;
        }
    }
}
