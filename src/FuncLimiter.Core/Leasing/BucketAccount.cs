using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>
/// A bucket of which parts are lent with their refill. What is not lent is a part of its own: rate and capacity of the whole less those
/// of all leases. So parts and rest never let out more than the whole, and nothing needs to be told about when a unit was used.
/// </summary>
internal sealed class BucketAccount : LeaseAccount
{
    private readonly Caution _caution;
    private readonly BucketShare _rest = new();
    private double _learned;
    private double _lentRate;
    private double _lentCapacity;
    private double _largest;

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

    internal override double Free => Math.Max(0, _rest.Level);

    private double PerSecond => Math.Max(1, _learned * _caution.Factor) / Limit.Window.TotalSeconds;

    private double Burst => Math.Min(
        Math.Max(1, _learned * _caution.Factor),
        Math.Max(1, (Limit.BurstSeconds ?? Limit.Window.TotalSeconds) * PerSecond));

    internal override double Refill => _rest.Rate;

    internal override Instant FreeAt(double amount) => _rest.Reaches(amount);

    internal override void Advance(Instant now) => _rest.Advance(now);

    internal override double UseWith(double unused) => Math.Clamp(1 - (_rest.Level + unused) / Capacity, 0, 1);

    internal override void Reserve(double rate, double capacity, double largest)
    {
        (_lentRate, _lentCapacity, _largest) = (rate, capacity, largest);
        Reshape();
    }

    internal override void Grant(double amount) => _rest.Take(amount);

    internal override void Return(double amount) => _rest.Add(amount);

    internal override void Spend(double amount)
    {
        // It left the whole when it was lent.
    }

    internal override void Refund(double amount, Instant takenAt) => _rest.Refund(amount, takenAt);

    /// <summary>
    /// What remains at the provider, with all the refill since, is at least what the book and all instances have; so it bounds the rest.
    /// </summary>
    internal override void Observe(in LimitReading reading, Instant sentAt)
    {
        if (reading.Limit is > 0 and { } limit)
            _learned = Math.Min(limit, Limit.Amount);
        Reshape();
        if (reading.Remaining is { } remaining)
            _rest.Take(Math.Max(0, _rest.Level - (remaining + PerSecond * Math.Max(0, (_rest.At - sentAt).TotalSeconds))));
    }

    internal override void Drain() => _rest.Take(Math.Max(0, _rest.Level));

    internal override void Reconsider() => Reshape();

    internal override LeaseAccountState Export() => new() { Limit = Name, Bucket = _rest.Export(), Learned = _learned, Amount = Limit.Amount };

    internal override void Import(LeaseAccountState state, Instant now)
    {
        if (state.Bucket is { } rest)
            _rest.Import(rest);

        // What a provider said of a limit holds as long as that limit does: one that was changed is believed again.
        var isSame = state.Amount == 0 || state.Amount == Limit.Amount;
        _learned = isSame ? Math.Clamp(state.Learned, 1, Limit.Amount) : Limit.Amount;
        Reshape();
    }

    private void Reshape() => _rest.Reshape(PerSecond - _lentRate, Capacity - _lentCapacity);
}
