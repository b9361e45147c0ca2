using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>All that is booked of one budget, whatever tenant's, class or route it is, in order of time.</summary>
internal sealed class Timetable
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);
    private const double MostSeconds = 1e6;
    private const double VeryMany = 1000;
    private readonly List<Booking> _inOrder = [];
    private int _waiting;
    private Charge _awaited;

    /// <summary>True while nothing is booked and nothing waits.</summary>
    public bool IsEmpty => _inOrder.Count == 0 && _waiting == 0;

    /// <summary>A call begins or ends to wait that is not booked.</summary>
    public void Wait(in Charge charge, int sign)
    {
        _waiting += sign;
        _awaited = sign > 0 ? _awaited + charge : _awaited - charge;
    }

    public void Add(Booking booking) => _inOrder.Insert(FirstAfter(booking.At), booking);

    public void Remove(Booking booking)
    {
        var index = FirstAfter(booking.At) - 1;
        while (index >= 0 && _inOrder[index] != booking)
        {
            index--;
        }

        if (index >= 0)
        {
            _inOrder.RemoveAt(index);
        }
    }

    /// <summary>
    /// The first time from an instant on at which a budget has room for one more beside all that is booked, before it and after.
    /// </summary>
    /// <param name="meter">What has the room.</param>
    /// <param name="part">The part of it that is lent here.</param>
    /// <param name="own">What the one more takes.</param>
    /// <param name="amountOf">What a booked call takes.</param>
    /// <param name="at">From when on.</param>
    /// <param name="runs">How long calls run.</param>
    /// <param name="now">Now.</param>
    public Instant ClearFrom(Meter meter, double part, double own, Func<Call, double> amountOf, Instant at, in RunTime runs, Instant now)
    {
        // Where there is room for very many, a few who come at the same time make nobody late.
        if (_inOrder.Count == 0 || own <= 0 || meter.Effective * part > own * VeryMany)
        {
            return at;
        }

        var waiting = _awaited[meter.Dimension];

        if (meter.Round(runs) is { } round)
        {
            return ClearOfRounds(meter, meter.Effective * part, round, own, waiting, amountOf, at, runs, now);
        }

        return meter is ContinuousBucket bucket ? ClearOfRefill(bucket, part, own, waiting, amountOf, at, now) : at;
    }

    // Whoever is told a time has its room from then on for a round.
    private Instant ClearOfRounds(Meter meter, double most, TimeSpan round, double own, double waiting, Func<Call, double> amountOf, Instant at, in RunTime runs, Instant now)
    {
        var run = runs;
        while (true)
        {
            var (low, high, sum) = (FirstAfter(at - round), FirstAfter(at), 0.0);
            for (var i = low; i < high; i++)
            {
                sum += amountOf(_inOrder[i].Place);
            }

            if (sum + own + Used(at) > most)
            {
                // What is used, or waits, is counted by whoever foresaw the time from which on a place is looked for.
                if (low == high)
                {
                    return at;
                }

                at = _inOrder[low].At + round;
                continue;
            }

            var last = at;
            var isFree = true;
            while (isFree && high < _inOrder.Count && _inOrder[high].At < at + round)
            {
                last = _inOrder[high].At;
                sum += amountOf(_inOrder[high++].Place);
                while (_inOrder[low].At <= last - round)
                {
                    sum -= amountOf(_inOrder[low++].Place);
                }

                isFree = sum + own + Used(last) <= most;
            }

            if (isFree)
            {
                return at;
            }

            at = last + Tick;
        }

        double Used(Instant then) => meter.UsedAt(then, run, now) + (then < now + round ? waiting : 0);
    }

    // As a bucket refills, with whoever is booked as late as may be.
    private Instant ClearOfRefill(ContinuousBucket bucket, double part, double own, double waiting, Func<Call, double> amountOf, Instant at, Instant now)
    {
        var (room, perSecond) = (bucket.Whole * part, bucket.PerSecond * part);
        own = Math.Min(own, room);
        var late = QueueAhead.LostFor(bucket.Together(Math.Max(own, 1e-9)));
        var near = late + (4 * TimeSpan.FromSeconds(Math.Min(MostSeconds, room / perSecond)));
        while (true)
        {
            // What is far from it matters no more: by then the bucket has filled, or is as empty as those before leave it.
            var isFar = at - now > near;
            var i = isFar ? FirstAfter(at - near) : 0;
            var (level, held, time, taken, isIn) = (isFar ? 0 : Math.Min(room, room - bucket.Used(now) - waiting), 0.0, isFar ? at - near : now, i, false);
            var ownLate = at + late;
            var (isOwnTaken, next) = (false, at);
            for (var isFree = true; isFree;)
            {
                // What comes next: the end of a booking, the one more, its end, the time of a booking.
                var end = taken < i ? Instant.Max(_inOrder[taken].At + late, now) : Instant.Unknown;
                var begin = i < _inOrder.Count ? Instant.Max(_inOrder[i].At, now) : Instant.Unknown;
                var mine = isIn ? isOwnTaken ? Instant.Unknown : ownLate : at;
                var first = Instant.Min(Instant.Min(end, begin), mine);
                if (!first.IsKnown || isOwnTaken && (i == _inOrder.Count || first - at > near))
                {
                    return at;
                }

                level = Math.Min(room, level + (perSecond * (first - time).TotalSeconds));
                time = first;
                if (end == first)
                {
                    var amount = Math.Min(room, amountOf(_inOrder[taken++].Place));
                    (level, held) = (level - amount, held - amount);
                }
                else if (mine == first && !isIn)
                {
                    var lacks = own + held - level;
                    if (lacks > 1e-6)
                    {
                        next = at + TimeSpan.FromSeconds(Math.Max(1e-3, lacks / perSecond));
                        isFree = false;
                    }

                    (isIn, held) = (true, held + own);
                }
                else if (mine == first)
                {
                    (isOwnTaken, level, held) = (true, level - own, held - own);
                }
                else
                {
                    held += Math.Min(room, amountOf(_inOrder[i++].Place));
                    if (isIn && held - level > 1e-6)
                    {
                        next = first + Tick;
                        isFree = false;
                    }
                }
            }

            at = next;
        }
    }

    private int FirstAfter(Instant at)
    {
        var (low, high) = (0, _inOrder.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _inOrder[middle].At <= at ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
