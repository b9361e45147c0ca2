using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

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
        // It counts with what is lent.
    }

    internal override void Return(double amount)
    {
        // It no longer counts with what is lent.
    }

    internal override void Spend(double amount) => _meter.Take(amount, _now);

    internal override void Refund(double amount, Instant takenAt) => _meter.Settle(amount, 0, takenAt, _now);

    /// <summary>All that is lent may have been used when the report was stamped; only what is beyond that is somebody else's.</summary>
    internal override void Observe(in LimitReading reading, Instant sentAt)
    {
        // Providers round what remains to thousands; the meter knows such a reading by its form, so thousands are added.
        var isRound = reading.Remaining % 1000 == 0;
        var lent = isRound ? 1000 * (long)Math.Ceiling(_lent / 1000) : (long)Math.Ceiling(_lent);
        if (_isConcurrency)
            return;

        // A report can't be told from what instances have used and not told: it never makes room.
        _meter.Observe(reading with { Remaining = null }, new(sentAt), _now);
        _meter.Observe(reading with { Limit = null, ResetIn = null, Remaining = reading.Remaining + lent }, new(sentAt), _now);
    }

    internal override void Drain()
    {
        // A refusal doesn't tell how much others used, and of a window it would be missed for long: hints and caution must do.
    }

    internal override void Reconsider() => _meter.Reconsider(_now);

    internal override LeaseAccountState Export() => new() { Limit = Name, Meter = _meter.Save(0, _now) };

    internal override void Import(LeaseAccountState state, Instant now)
    {
        Advance(now);
        if (state.Meter is { } meter)
            _meter.Restore(meter, now);
    }

    /// <summary>
    /// The most that fits at this moment. Near a boundary an amount must fit two windows, of which the meter tells only one's use.
    /// </summary>
    private double Room()
    {
        var room = Math.Max(0, _meter.Capacity - _meter.Used(_now));
        if (_meter.FitsAt(room, _now) <= _now)
            return room;
        var none = 0.0;
        for (var i = 0; i < 32; i++)
        {
            var half = (none + room) / 2;
            if (_meter.FitsAt(half, _now) <= _now)
                none = half;
            else
                room = half;
        }

        return none;
    }
}
