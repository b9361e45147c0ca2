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
    private readonly Charge[] _awaited = new Charge[Pool.Classes];

    /// <summary>True while nothing is booked and nothing waits.</summary>
    public bool IsEmpty => _inOrder.Count == 0 && _waiting == 0;

    /// <summary>A call begins or ends to wait that is not booked.</summary>
    public void Wait(Priority priority, in Charge charge, int sign)
    {
        _waiting += sign;
        ref var its = ref _awaited[(int)priority];
        its = sign > 0 ? its + charge : its - charge;
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
    /// <param name="priority">The class of the one more: what waits of lower ones goes after it.</param>
    /// <param name="own">What the one more takes.</param>
    /// <param name="amountOf">What a booked call takes.</param>
    /// <param name="at">From when on.</param>
    /// <param name="latest">Any later time than this means that there is none before.</param>
    /// <param name="runs">How long calls run.</param>
    /// <param name="now">Now.</param>
    public Instant ClearFrom(Meter meter, double part, Priority priority, double own, Func<Call, double> amountOf, Instant at, Instant latest, in RunTime runs, Instant now)
    {
        // Where there is room for very many, a few who come at the same time make nobody late.
        if (_inOrder.Count == 0 || own <= 0 || meter.Effective * part > own * VeryMany)
        {
            return at;
        }

        var waiting = 0L;
        for (var i = 0; i <= (int)priority; i++)
        {
            waiting += _awaited[i][meter.Dimension];
        }

        if (meter.Round(runs) is { } round)
        {
            return ClearOfRounds(meter, meter.Effective * part, round, own, waiting, amountOf, at, latest, runs, now);
        }

        return meter is ContinuousBucket bucket ? ClearOfRefill(bucket, part, own, waiting, amountOf, at, latest, now) : at;
    }

    // Whoever is told a time has its room from then on for a round.
    private Instant ClearOfRounds(Meter meter, double most, TimeSpan round, double own, double waiting, Func<Call, double> amountOf, Instant at, Instant latest, in RunTime runs, Instant now)
    {
        var run = runs;
        while (at <= latest)
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

        return at;

        double Used(Instant then) => meter.UsedAt(then, run, now) + (then < now + round ? waiting : 0);
    }

    // As a bucket refills, with whoever is booked as late as may be.
    private Instant ClearOfRefill(ContinuousBucket bucket, double part, double own, double waiting, Func<Call, double> amountOf, Instant at, Instant latest, Instant now)
    {
        var whole = bucket.Whole * part;
        var most = Math.Max(whole, Math.Min(own, bucket.Capacity * part));
        own = Math.Min(own, most);
        var late = QueueAhead.LostFor(bucket.Together(Math.Max(own, 1e-9)));
        var refill = new Refill(whole, most, bucket.PerSecond * part, late);
        var there = Math.Min(whole, whole - bucket.Used(now) - waiting);
        while (at <= latest && NextToTry(refill, there, own, amountOf, at, now) is { } next)
        {
            at = next;
        }

        return at;
    }

    // Null where all have room with one more at that time; else the first time after it that may be better.
    private Instant? NextToTry(Refill refill, double there, double own, Func<Call, double> amountOf, Instant at, Instant now)
    {
        // What is far from it matters no more: by then the bucket has filled, or is as empty as those before leave it.
        var near = refill.Late + (4 * TimeSpan.FromSeconds(Math.Min(MostSeconds, refill.Most / refill.PerSecond)));
        var isFar = at - now > near;
        var first = isFar ? FirstAfter(at - near) : 0;
        var mine = at <= now ? 0 : FirstAfter(at - Tick);
        refill.Begin(isFar ? 0 : there, isFar ? at - near : now);
        for (var i = first; i < mine; i++)
        {
            refill.Keep(amountOf(_inOrder[i].Place), _inOrder[i].At);
        }

        refill.Keep(own, at);
        if (refill.Lacking > 0)
        {
            return at + TimeSpan.FromSeconds(Math.Max(1e-3, refill.Lacking / refill.PerSecond));
        }

        for (var i = mine; i < _inOrder.Count && _inOrder[i].At - at <= near; i++)
        {
            refill.Keep(amountOf(_inOrder[i].Place), _inOrder[i].At);
            if (refill.Lacking > 0)
            {
                return Instant.Max(_inOrder[i].At, at) + Tick;
            }
        }

        return null;
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

    /// <summary>A bucket as it refills, and what is kept of it for callers until they come.</summary>
    /// <param name="whole">What it has when it is whole.</param>
    /// <param name="most">What it has for one call when it has been whole for a while.</param>
    /// <param name="perSecond">What comes back in a second.</param>
    /// <param name="late">How late callers come.</param>
    private sealed class Refill(double whole, double most, double perSecond, TimeSpan late)
    {
        private const double Least = 1e-6;
        private readonly Queue<(double Amount, Instant At)> _awaited = [];
        private double _there;
        private double _kept;
        private Instant _at;

        public double Most => most;

        public double PerSecond => perSecond;

        public TimeSpan Late => late;

        /// <summary>What is kept beyond what is there; 0 for nothing worth a mention.</summary>
        public double Lacking => _kept - _there > Least ? _kept - _there : 0;

        /// <summary>Nothing is kept, and so much is there.</summary>
        public void Begin(double there, Instant at)
        {
            (_there, _kept, _at) = (there, 0, at);
            _awaited.Clear();
        }

        /// <summary>Keeps what one more caller takes, who is told to come then.</summary>
        public void Keep(double amount, Instant at)
        {
            while (_awaited.TryPeek(out var come) && come.At + late <= at)
            {
                _awaited.Dequeue();
                PassTo(come.At + late);
                (_there, _kept) = (Math.Min(whole, _there) - come.Amount, _kept - come.Amount);
            }

            PassTo(at);
            amount = Math.Min(most, amount);
            _kept += amount;
            _awaited.Enqueue((amount, at));
        }

        private void PassTo(Instant at)
        {
            _there = at > _at ? Math.Min(most, _there + (perSecond * (at - _at).TotalSeconds)) : _there;
            _at = Instant.Max(_at, at);
        }
    }
}
