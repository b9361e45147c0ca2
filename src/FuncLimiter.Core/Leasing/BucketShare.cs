using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>
/// A part of a bucket that refills continuously: a level, a rate, a capacity. Buckets whose rates and capacities add up to no more than
/// those of the whole let out, together, no more than the whole, as long as what moves between them leaves the one before it enters the
/// other. May be in debt.
/// </summary>
/// <remarks>
/// A refund is taken as if the charge had not been: the level since then would have been higher by it, but never above the capacity. So
/// only the least headroom since the charge comes back. Worked: capacity 100, 10 per second, full. At 0 s 90 are taken, at 5 s the level
/// is 60, at 9 s it is 100 and 80 are taken. A refund of 50 for the first charge brings nothing: at 9 s the bucket was full anyway. One
/// for the second brings 50.
/// </remarks>
internal sealed class BucketShare
{
    private const int MostLows = 16;
    private const double Hair = 1e-9;

    // The least headrooms, each with the last time it was that low; both rise from first to last.
    private readonly List<(Instant At, double Headroom)> _lows = [];

    internal double Level { get; private set; }

    internal double Rate { get; private set; }

    internal double Capacity { get; private set; }

    internal Instant At { get; private set; }

    internal void Advance(Instant now)
    {
        if (now > At)
        {
            Level = Math.Min(Capacity, Level + Rate * (now - At).TotalSeconds);
            At = now;
        }

        Note();
    }

    /// <summary>Adds to the level up to the capacity.</summary>
    internal void Add(double amount)
    {
        Level = Math.Min(Capacity, Level + amount);
        Note();
    }

    internal void Take(double amount) => Level -= amount;

    /// <summary>Changes rate and capacity; what no longer fits is taken out and handed back.</summary>
    internal double Reshape(double rate, double capacity)
    {
        (Rate, Capacity) = (rate, capacity);
        var surplus = Math.Max(0, Level - capacity);
        Level -= surplus;
        Note();
        return surplus;
    }

    /// <summary>Adds back a part of an earlier charge; hands back how much of it that was.</summary>
    internal double Refund(double amount, Instant takenAt)
    {
        var first = _lows.FindIndex(low => low.At >= takenAt);
        var refund = Math.Clamp(amount, 0, first < 0 ? Capacity - Level : _lows[first].Headroom);
        for (var i = Math.Max(0, first); first >= 0 && i < _lows.Count; i++)
        {
            _lows[i] = (_lows[i].At, _lows[i].Headroom - refund);
        }

        Level += refund;
        var least = first < 0 ? double.PositiveInfinity : _lows[first].Headroom;
        _lows.RemoveAll(low => low.At < takenAt && low.Headroom >= least);
        Note();
        return refund;
    }

    /// <summary>When the level reaches an amount by itself. Parts that were divided and added up may be a hair less than what was meant.</summary>
    internal Instant Reaches(double amount)
    {
        amount *= 1 - Hair;
        if (amount <= Level)
        {
            return At;
        }

        var seconds = (amount - Level) / Rate;
        return amount > Capacity || !(seconds < 1e9)
            ? Instant.Unknown
            : At + TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond) + 1);
    }

    internal BucketShareState Export() => new(Level, At, [.. _lows.Select(low => new LeaseRefund(low.At, low.Headroom))]);

    /// <summary>Takes a level and its history; rate and capacity are to be set before.</summary>
    internal void Import(BucketShareState state)
    {
        (Level, At) = (state.Level, state.At);
        _lows.Clear();
        _lows.AddRange(state.Lows.Take(MostLows).Select(low => (low.TakenAt, low.Amount)));
    }

    private void Note()
    {
        var headroom = Math.Max(0, Capacity - Level);
        while (_lows.Count > 0 && _lows[^1].Headroom >= headroom)
        {
            _lows.RemoveAt(_lows.Count - 1);
        }

        if (_lows.Count == MostLows)
        {
            // The neighbours closest in headroom become one, with the later time and the lower headroom: that gives back too
            // little, never too much.
            var closest = Enumerable.Range(1, MostLows - 1).MinBy(i => _lows[i].Headroom - _lows[i - 1].Headroom);
            _lows[closest - 1] = (_lows[closest].At, _lows[closest - 1].Headroom);
            _lows.RemoveAt(closest);
        }

        _lows.Add((At, headroom));
    }
}

/// <summary>The level of a bucket's part and the least headrooms that refunds go by.</summary>
/// <param name="Level">Units.</param>
/// <param name="At">When the level held.</param>
/// <param name="Lows">Times, and the least headroom from each on.</param>
public sealed record BucketShareState(double Level, Instant At, IReadOnlyList<LeaseRefund> Lows);
