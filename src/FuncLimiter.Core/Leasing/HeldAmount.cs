using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>An amount of a window, or places among the calls under way.</summary>
internal sealed class HeldAmount(Limit limit) : HeldLine(limit)
{
    private readonly bool _isConcurrency = limit.Algorithm == LimitAlgorithm.Concurrency;
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
            _underWay += amount;
        else
            UsedTotal += amount;
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
        }
        else
        {
            RefundToBook(amount, takenByBook);
        }
    }

    internal override void Apply(LeaseLine line, Instant now)
    {
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

    private protected override void Settle(Instant now) => _toldAt = now;
}
