using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>What an instance has of one limit.</summary>
internal abstract class HeldLine(Limit limit)
{
    private const int MostRefunds = 32;

    private readonly List<LeaseRefund> _refunds = [];
    private double _returnedTotal;

    internal Limit Limit { get; } = limit;

    internal double UsedTotal { get; private protected set; }

    internal double Need { get; private set; }

    /// <summary>The largest charge that lacked a larger lease since the last ask: it may have been foreseen smaller.</summary>
    internal double Missed { get; set; }

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
    /// <param name="now">Now.</param>
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
        var report = new LeaseReport(UsedTotal, _returnedTotal, Level, need, [.. _refunds]);
        _refunds.Clear();
        return report;
    }

    /// <summary>Called as an ask goes out.</summary>
    private protected abstract void Settle(Instant now);

    /// <summary>Remembers a refund for the book; past a bound those closest in time become one, of the earlier time.</summary>
    private protected void RefundToBook(double amount, Instant takenAt)
    {
        if (amount <= 0)
            return;
        var place = _refunds.FindLastIndex(refund => refund.TakenAt <= takenAt) + 1;
        _refunds.Insert(place, new(takenAt, amount));
        if (_refunds.Count <= MostRefunds)
            return;
        var closest = Enumerable.Range(1, _refunds.Count - 1).MinBy(i => _refunds[i].TakenAt - _refunds[i - 1].TakenAt);
        _refunds[closest - 1] = new(_refunds[closest - 1].TakenAt, _refunds[closest - 1].Amount + _refunds[closest].Amount);
        _refunds.RemoveAt(closest);
    }
}
