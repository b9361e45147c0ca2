using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>A part of a bucket, with its own refill.</summary>
internal sealed class HeldBucket(Limit limit) : HeldLine(limit)
{
    private readonly BucketShare _share = new();

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
        _share.Reshape(line.Rate, Math.Max(line.Capacity, _share.Level + line.Grant));
        _share.Add(line.Grant);
        Aside += _share.Reshape(line.Rate, line.Capacity);
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
        Aside = 0;
    }

    /// <summary>A part that doesn't refill keeps no room: the book has use for it.</summary>
    private protected override void Settle(Instant now)
    {
        _share.Advance(now);
        if (_share.Rate <= 0)
            _share.Reshape(0, Math.Max(0, _share.Level));
    }
}
