using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>What a book has of one limit beyond what is lent. Whatever is lent counts as if it could be used at any moment.</summary>
internal abstract class LeaseAccount(Limit limit)
{
    internal Limit Limit { get; } = limit;

    internal Dimension Dimension => Limit.Dimension;

    /// <summary>Which limit it is of, to tell whether a stored state is of the same.</summary>
    internal string Name { get; } = FormattableString.Invariant($"{limit.Dimension}/{limit.Window.TotalSeconds}/{limit.Algorithm}");

    /// <summary>The most that one instance could ever have.</summary>
    internal abstract double Capacity { get; }

    /// <summary>Whether leases refill at the instances: then rates are divided, else amounts.</summary>
    internal abstract bool Flows { get; }

    internal static LeaseAccount Create(Limit limit, Caution caution, LeasePolicy policy) => limit.Algorithm switch
    {
        LimitAlgorithm.Bucket => new BucketAccount(limit, caution),
        _ => new WindowAccount(limit, caution, policy),
    };

    /// <summary>Whether what is used takes more than minutes to come back.</summary>
    internal abstract bool IsSlow { get; }

    /// <summary>Whether nothing counts as used or lent.</summary>
    internal abstract bool IsWhole { get; }

    /// <summary>Lets time pass.</summary>
    internal abstract void Advance(Instant now);

    /// <summary>What there is to divide: units per second, or units not used yet.</summary>
    internal abstract double Pool { get; }

    /// <summary>What could be lent at this moment, with so much lent already.</summary>
    internal abstract double Free { get; }

    /// <summary>What comes back to the book per second; 0 where it comes back all at once.</summary>
    internal abstract double Refill { get; }

    /// <summary>
    /// When an amount could be lent if nothing else changed but time; <see cref="Instant.Unknown"/> where time brings nothing.
    /// </summary>
    internal abstract Instant FreeAt(double amount);

    /// <summary>When an amount could be lent behind others, each of which takes its own as soon as it is there.</summary>
    internal virtual Instant TurnAt(double amount, double ahead) => FreeAt(Math.Min(Capacity, amount + ahead));

    /// <summary>The share in use, 0 to 1.</summary>
    /// <param name="unused">What instances have and had not used when they last told.</param>
    internal abstract double UseWith(double unused);

    /// <summary>Tells what is lent in all from now on, and the largest single charge that is to be served.</summary>
    internal abstract void Reserve(double rate, double capacity, double largest);

    /// <summary>Lends an amount.</summary>
    internal abstract void Grant(double amount);

    /// <summary>Takes back an amount that was lent and not used.</summary>
    internal abstract void Return(double amount);

    /// <summary>Counts an amount that was lent and used, now at the latest.</summary>
    internal abstract void Spend(double amount);

    /// <summary>Counts an amount that was lent and used, at an instant that has passed at the latest.</summary>
    internal virtual void Spend(double amount, Instant at) => Spend(amount);

    /// <summary>Takes back a part of an amount that had counted as used.</summary>
    internal abstract void Refund(double amount, Instant takenAt);

    /// <summary>Learns what a provider said of this limit.</summary>
    internal abstract void Observe(in LimitReading reading, Instant sentAt);

    /// <summary>The provider said that nothing is left.</summary>
    internal abstract void Drain();

    /// <summary>Calls came to less than they were charged; what is over is to be lent again.</summary>
    /// <param name="used">What they came to, as far as it has not come back; in units.</param>
    /// <param name="lent">The most that instances have.</param>
    internal virtual void Recount(double used, double lent)
    {
        // What counts as used of a window ends with it.
    }

    /// <summary>Tells the most that instances have: with that nothing can be over beyond the limit.</summary>
    internal virtual void Bound(double lent)
    {
    }

    /// <summary>Caution changed.</summary>
    internal abstract void Reconsider();

    /// <summary>Forgets the limit that a provider said; what is used stays used.</summary>
    internal abstract void Unlearn();

    internal abstract LeaseAccountState Export();

    internal abstract void Import(LeaseAccountState state, Instant now);
}

/// <summary>
/// A bucket of which parts are lent with their refill. What is not lent is a part of its own: rate and capacity of the whole less those
/// of all leases. So parts and rest never let out more than the whole, and nothing needs to be told about when a unit was used.
/// </summary>
internal sealed class BucketAccount : LeaseAccount
{
    private const double Longest = 1e6;
    private readonly Caution _caution;
    private readonly BucketShare _rest = new();
    private double _learned;
    private double _lentRate;
    private double _lentCapacity;
    private double _largest;

    // What is neither lent nor in the rest, since calls were charged more than they came to.
    private double _over;
    private (double Remaining, Instant SentAt)? _reported;

    internal BucketAccount(Limit limit, Caution caution)
        : base(limit)
    {
        _caution = caution;
        _learned = limit.Amount;
        Reshape();
        _rest.Add(Capacity);
    }

    /// <summary>
    /// The burst less one jitter's refill, since calls arrive closer together than they left; but room for the largest call.
    /// </summary>
    internal override double Capacity =>
        Math.Max(Math.Min(Burst, _largest), Burst - Math.Min(Burst / 2, PerSecond * _caution.Jitter.TotalSeconds));

    internal override bool Flows => true;

    /// <summary>An empty bucket lends its refill at once.</summary>
    internal override bool IsSlow => false;

    internal override bool IsWhole => _rest.Level >= Capacity;

    internal override double Pool => PerSecond;

    internal override double Free => Math.Max(0, _rest.Level + _over);

    private double PerSecond => Math.Max(1, _learned * _caution.Scale) / Limit.Window.TotalSeconds;

    private double Burst => Math.Min(
        Math.Max(1, _learned * _caution.Scale),
        Math.Max(1, (Limit.BurstSeconds ?? Limit.Window.TotalSeconds) * PerSecond));

    internal override double Refill => _rest.Rate;

    internal override Instant FreeAt(double amount) => _rest.Reaches(amount - _over);

    internal override Instant TurnAt(double amount, double ahead)
    {
        amount = Math.Max(0, amount - _over);
        var beyond = Math.Max(0, amount + ahead - _rest.Capacity);
        var full = amount > _rest.Capacity ? Instant.Unknown : _rest.Reaches(amount + ahead - beyond);
        return full.IsKnown && _rest.Rate > 0 && beyond / _rest.Rate < Longest ? full + TimeSpan.FromSeconds(beyond / _rest.Rate) : Instant.Unknown;
    }

    internal override void Advance(Instant now) => _rest.Advance(now);

    internal override double UseWith(double unused) => Math.Clamp(1 - (_rest.Level + _over + unused) / Capacity, 0, 1);

    internal override void Reserve(double rate, double capacity, double largest)
    {
        (_lentRate, _lentCapacity, _largest) = (rate, capacity, largest);
        Reshape();
    }

    internal override void Grant(double amount)
    {
        var over = Math.Min(_over, Math.Max(0, amount - Math.Max(0, _rest.Level)));
        _over -= over;
        _rest.Take(amount - over);
    }

    internal override void Return(double amount) => _rest.Add(amount);

    internal override void Spend(double amount)
    {
        // It was taken from the whole when it was lent.
    }

    internal override void Refund(double amount, Instant takenAt) => _rest.Refund(amount, takenAt);

    /// <summary>
    /// What remains at the provider, with all the refill since, is at least what the book and all instances have; so it bounds the rest.
    /// </summary>
    internal override void Observe(in LimitReading reading, Instant sentAt)
    {
        if (reading.Limit is > 0 and { } limit)
        {
            _learned = Math.Min(limit, Limit.Ceiling);
        }

        Reshape();
        if (reading.Remaining is { } remaining)
        {
            _reported = (remaining, sentAt);
            var most = remaining + PerSecond * Math.Max(0, (_rest.At - sentAt).TotalSeconds);
            _over = Math.Clamp(_over, 0, Math.Max(0, most - _rest.Level));
            _rest.Take(Math.Max(0, _rest.Level - most));
        }
    }

    internal override void Drain()
    {
        _over = 0;
        _rest.Take(Math.Max(0, _rest.Level));
    }

    internal override void Recount(double used, double lent)
    {
        // Others may use the same key: what remained at the provider is the most that there can be.
        var remaining = _reported is { } report ? report.Remaining + PerSecond * Math.Max(0, (_rest.At - report.SentAt).TotalSeconds) : 0;
        _over = Math.Max(0, Math.Min(Capacity - used, remaining) - lent - _rest.Level);
    }

    internal override void Bound(double lent) => _over = Math.Clamp(_over, 0, Math.Max(0, Capacity - lent - _rest.Level));

    internal override void Reconsider() => Reshape();

    internal override void Unlearn()
    {
        _learned = Limit.Amount;
        Reshape();
    }

    internal override LeaseAccountState Export() => new() { Limit = Name, Bucket = _rest.Export(), Over = _over, Remaining = _reported?.Remaining, RemainingAt = _reported?.SentAt ?? default, Learned = _learned, Amount = Limit.Amount };

    internal override void Import(LeaseAccountState state, Instant now)
    {
        if (state.Bucket is { } rest)
        {
            _rest.Import(rest);
            _over = Math.Max(0, state.Over);
            _reported = state.Remaining is { } remaining ? (remaining, state.RemainingAt) : null;
        }

        // What a provider said holds for the limit that it spoke of: after a change the configuration is believed again.
        var isSame = state.Amount == 0 || state.Amount == Limit.Amount;
        _learned = isSame ? Math.Clamp(state.Learned, 1, Limit.Ceiling) : Limit.Amount;
        Reshape();
    }

    private void Reshape() => _rest.Reshape(PerSecond - _lentRate, Capacity - _lentCapacity);
}

/// <summary>
/// A window, a day, or places among the calls under way, of which amounts are lent. An amount counts as lent until it is told used, and
/// as used from then on: later than it was, so never too short.
/// </summary>
internal sealed class WindowAccount : LeaseAccount
{
    private static readonly TimeSpan SlowFrom = TimeSpan.FromMinutes(2);

    private readonly Meter _meter;
    private readonly bool _isConcurrency;
    private Instant _now;
    private double _lent;

    /// <summary>
    /// Places are counted like a window as long as the longest call: what an instance had when it died is taken until then.
    /// </summary>
    internal WindowAccount(Limit limit, Caution caution, LeasePolicy policy)
        : base(limit)
    {
        _isConcurrency = limit.Algorithm == LimitAlgorithm.Concurrency;
        _meter = _isConcurrency
            ? Meter.Create(limit with { Algorithm = LimitAlgorithm.Sliding, Window = policy.LongestCall }, Caution.None())
            : Meter.Create(limit, caution);
    }

    internal override double Capacity => _meter.Capacity;

    internal override bool Flows => false;

    internal override bool IsSlow => _meter.Limit.Window > SlowFrom;

    internal override bool IsWhole => _lent <= 0 && _meter.Used(_now) <= 0;

    internal override double Pool => Room();

    internal override double Free => Math.Max(0, Pool - _lent);

    internal override double Refill => 0;

    internal override Instant FreeAt(double amount) => _meter.FitsAt(_lent + amount, _now);

    internal override void Advance(Instant now) => _now = Instant.Max(_now, now);

    /// <summary>Of places nobody tells how many of those lent are taken; only those of instances that died count here.</summary>
    internal override double UseWith(double unused) => Math.Clamp(_meter.Used(_now) / _meter.Capacity, 0, 1);

    internal override void Reserve(double rate, double capacity, double largest) => _lent = capacity;

    internal override void Grant(double amount)
    {
        // The window itself does not change: Reserve is told all that is lent.
    }

    internal override void Return(double amount)
    {
        // As above: Reserve is told what is lent without it.
    }

    internal override void Spend(double amount) => _meter.Take(amount, _now);

    internal override void Spend(double amount, Instant at) => _meter.TakeLate(amount, at, _now);

    internal override void Refund(double amount, Instant takenAt) => _meter.Settle(amount, 0, takenAt, _now);

    /// <summary>All that is lent may have been used when the report was stamped; only what is beyond that is somebody else's.</summary>
    internal override void Observe(in LimitReading reading, Instant sentAt)
    {
        // Providers round what remains to thousands; the meter knows such a reading by its form, so thousands are added.
        var isRound = reading.Remaining % 1000 == 0;
        var lent = isRound ? 1000 * (long)Math.Ceiling(_lent / 1000) : (long)Math.Ceiling(_lent);
        if (_isConcurrency)
        {
            return;
        }

        // Instances may have used what they have not told yet, so a report never makes room.
        _meter.Observe(reading with { Remaining = null }, new(sentAt), _now);
        _meter.Observe(reading with { Limit = null, ResetIn = null, Remaining = reading.Remaining + lent }, new(sentAt), _now);
    }

    internal override void Drain()
    {
        // A refusal doesn't tell how much others used, and a window would miss a wrong guess for long: Retry-After and caution must do.
    }

    internal override void Reconsider() => _meter.Reconsider(_now);

    internal override void Unlearn() => _meter.Unlearn(_now);

    internal override LeaseAccountState Export() => new() { Limit = Name, Meter = _meter.Save(0, _now) };

    internal override void Import(LeaseAccountState state, Instant now)
    {
        Advance(now);
        if (state.Meter is { } meter)
        {
            _meter.Restore(meter, now);
        }
    }

    /// <summary>
    /// The most that fits at this moment. Near a boundary an amount must fit two windows, and the meter tells the use of one only.
    /// </summary>
    private double Room()
    {
        var room = Math.Max(0, _meter.Capacity - _meter.Used(_now));
        if (_meter.FitsAt(room, _now) <= _now)
        {
            return room;
        }

        var none = 0.0;
        for (var i = 0; i < 32; i++)
        {
            var half = (none + room) / 2;
            if (_meter.FitsAt(half, _now) <= _now)
            {
                none = half;
            }
            else
            {
                room = half;
            }
        }

        return none;
    }
}
