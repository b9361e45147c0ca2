using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

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
            Take(_share.Level, now);
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
            _share.Reshape(0, Math.Max(0, _share.Level));
        _fromNextAsk = (_share.Rate, _share.Capacity);
    }
}
