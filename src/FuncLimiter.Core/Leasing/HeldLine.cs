using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>What an instance has of one limit.</summary>
internal abstract class HeldLine(Limit limit)
{
    private const int MostRefunds = 32;

    private readonly List<LeaseRefund> _refunds = [];
    private double _returnedTotal;

    /// <summary>The limit; of another amount once that is configured.</summary>
    internal Limit Limit { get; set; } = limit;

    internal double UsedTotal { get; private protected set; }

    internal double Need { get; private set; }

    /// <summary>The largest charge that lacked a larger lease since the last ask: it may have been foreseen smaller.</summary>
    internal double Missed { get; set; }

    /// <summary>For how much of it calls are yet to come that room is kept for.</summary>
    internal double Kept { get; set; }

    /// <summary>What it has beyond its capacity, to be given back with the next ask.</summary>
    private protected double Aside { get; set; }

    private protected abstract double Level { get; }

    internal static HeldLine Create(Limit limit) =>
        limit.Algorithm == LimitAlgorithm.Bucket ? new HeldBucket(limit) : new HeldAmount(limit);

    /// <summary>When an amount fits before the lease ends; <see cref="Instant.Unknown"/> where that takes another lease.</summary>
    internal abstract Instant FitsAt(double amount, Instant now, Instant end);

    internal abstract void Take(double amount, Instant now);

    /// <summary>Adds back a part of an earlier charge.</summary>
    /// <param name="amount">How much.</param>
    /// <param name="takenAt">When the charge was taken, by the instance's clock.</param>
    /// <param name="takenByBook">A time by the book's clock that is not later.</param>
    internal abstract void GiveBack(double amount, Instant takenAt, Instant takenByBook, Instant now);

    internal abstract void Apply(LeaseLine line, Instant now);

    /// <summary>Counts what is left as used.</summary>
    internal virtual void Drain(Instant now)
    {
        // Amounts of windows stand: a window that is full for the provider only tells that others use it.
    }

    /// <summary>Puts everything aside, to be given back.</summary>
    internal virtual void LetGo()
    {
        // What the last report calls the level is given back by it.
    }

    /// <summary>All that is not used is void from an instant on.</summary>
    internal abstract void Lapse(Instant at);

    /// <summary>Tells the book where it stands. What is told is told once: a lost ask loses refunds, never makes room.</summary>
    internal LeaseReport Report(double need, Instant now)
    {
        need = Math.Max(need, Missed);
        (Need, Missed) = (need, 0);
        Settle(now);
        _returnedTotal += Aside;
        Aside = 0;
        var report = new LeaseReport(UsedTotal, _returnedTotal, Level, need, [.. _refunds]) { Marks = Marks(now) };
        _refunds.Clear();
        return report;
    }

    /// <summary>What had been used when, as far as the book may not know it.</summary>
    private protected virtual IReadOnlyList<LeaseMark> Marks(Instant now) => [];

    /// <summary>Called as an ask goes out.</summary>
    private protected abstract void Settle(Instant now);

    /// <summary>Remembers a refund for the book; past a bound those closest in time become one, of the earlier time.</summary>
    private protected void RefundToBook(double amount, Instant takenAt)
    {
        if (amount <= 0)
        {
            return;
        }

        var place = _refunds.FindLastIndex(refund => refund.TakenAt <= takenAt) + 1;
        _refunds.Insert(place, new(takenAt, amount));
        if (_refunds.Count <= MostRefunds)
        {
            return;
        }

        var closest = Enumerable.Range(1, _refunds.Count - 1).MinBy(i => _refunds[i].TakenAt - _refunds[i - 1].TakenAt);
        _refunds[closest - 1] = new(_refunds[closest - 1].TakenAt, _refunds[closest - 1].Amount + _refunds[closest].Amount);
        _refunds.RemoveAt(closest);
    }
}

/// <summary>An amount of a window, or places among the calls under way.</summary>
internal sealed class HeldAmount(Limit limit) : HeldLine(limit)
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(0.5);

    private readonly bool _isConcurrency = limit.Algorithm == LimitAlgorithm.Concurrency;
    private readonly List<(Instant Began, Instant At, double UsedTotal)> _marks = [];
    private double _toldTotal;
    private double _has;
    private double _underWay;
    private Instant _heldSince;
    private Instant _toldAt;

    private protected override double Level => _has + _underWay;

    internal override Instant FitsAt(double amount, Instant now, Instant end) =>
        amount > Limit.Capacity ? Instant.Never : amount <= _has ? now : Instant.Unknown;

    internal override void Take(double amount, Instant now)
    {
        _has -= amount;
        if (_isConcurrency)
        {
            _underWay += amount;
        }
        else
        {
            UsedTotal += amount;
            if (Limit.Algorithm == LimitAlgorithm.Sliding)
            {
                Mark(now);
            }
        }
    }

    /// <summary>
    /// What the book was not told yet is had again; the rest is the book's to take back. Places of a lease that ended are not ours.
    /// </summary>
    internal override void GiveBack(double amount, Instant takenAt, Instant takenByBook, Instant now)
    {
        if (_isConcurrency)
        {
            var ours = takenAt >= _heldSince ? Math.Min(amount, _underWay) : 0;
            _underWay -= ours;
            _has += ours;
        }
        else if (takenAt > _toldAt && takenAt >= _heldSince)
        {
            UsedTotal -= amount;
            _has += amount;
            for (var i = 0; i < _marks.Count; i++)
            {
                _marks[i] = _marks[i].At >= takenAt ? _marks[i] with { UsedTotal = _marks[i].UsedTotal - amount } : _marks[i];
            }
        }
        else
        {
            RefundToBook(amount, takenByBook);
        }
    }

    internal override void Apply(LeaseLine line, Instant now)
    {
        _marks.RemoveAll(mark => mark.UsedTotal <= _toldTotal);
        _has += line.Grant;
        var surplus = Math.Clamp(_has + _underWay - line.Capacity, 0, Math.Max(0, _has));
        _has -= surplus;
        Aside += surplus;
    }

    internal override void LetGo()
    {
        Aside += Math.Max(0, _has);
        _has = Math.Min(0, _has);
    }

    internal override void Lapse(Instant at)
    {
        (_has, _underWay, Aside) = (Math.Min(0, _has), 0, 0);
        _heldSince = at;
    }

    private protected override IReadOnlyList<LeaseMark> Marks(Instant now) =>
        [.. _marks.Where(mark => mark.At < now).Select(mark => new LeaseMark(now - mark.At, mark.UsedTotal))];

    private protected override void Settle(Instant now) => (_toldAt, _toldTotal) = (now, UsedTotal);

    // What is used within half a second has one mark, of its end; past a bound the oldest are told as if they had come with the next.
    private void Mark(Instant now)
    {
        if (_marks.Count > 0 && now - _marks[^1].Began < Between)
        {
            _marks[^1] = _marks[^1] with { At = now, UsedTotal = UsedTotal };
            return;
        }

        if (_marks.Count == LeaseAsk.MostMarks)
        {
            _marks.RemoveAt(0);
        }

        _marks.Add((now, now, UsedTotal));
    }
}

/// <summary>
/// A part of a bucket, with its own refill. What it is to give up it uses until it asks again: only then the book learns that it did, and
/// can lend it to another.
/// </summary>
internal sealed class HeldBucket(Limit limit) : HeldLine(limit)
{
    private readonly BucketShare _share = new();
    private (double Rate, double Capacity) _fromNextAsk;

    private protected override double Level => _share.Level;

    internal override Instant FitsAt(double amount, Instant now, Instant end)
    {
        _share.Advance(now);
        var at = amount > Limit.Capacity ? Instant.Never : _share.Reaches(amount);
        return at.IsKnown && at >= end ? Instant.Unknown : at;
    }

    internal override void Take(double amount, Instant now)
    {
        _share.Advance(now);
        _share.Take(amount);
        UsedTotal += amount;
    }

    /// <summary>What doesn't fit here, since it was full in the meantime, may still fit the book's own part.</summary>
    internal override void GiveBack(double amount, Instant takenAt, Instant takenByBook, Instant now)
    {
        _share.Advance(now);
        RefundToBook(amount - _share.Refund(amount, takenAt), takenByBook);
    }

    internal override void Apply(LeaseLine line, Instant now)
    {
        _share.Advance(now);
        _fromNextAsk = (line.Rate, line.Capacity);
        _share.Reshape(
            Math.Max(_share.Rate, line.Rate), Math.Max(Math.Max(_share.Capacity, line.Capacity), _share.Level + line.Grant));
        _share.Add(line.Grant);
    }

    internal override void Drain(Instant now)
    {
        _share.Advance(now);
        if (_share.Level > 0)
        {
            Take(_share.Level, now);
        }
    }

    internal override void Lapse(Instant at)
    {
        _share.Advance(at);
        _share.Reshape(0, 0);
        (_fromNextAsk, Aside) = (default, 0);
    }

    /// <summary>A part that doesn't refill keeps no room: the book has use for it.</summary>
    private protected override void Settle(Instant now)
    {
        _share.Advance(now);
        Aside += _share.Reshape(_fromNextAsk.Rate, _fromNextAsk.Capacity);
        if (_share.Rate <= 0)
        {
            _share.Reshape(0, Math.Max(0, _share.Level));
        }

        _fromNextAsk = (_share.Rate, _share.Capacity);
    }
}
