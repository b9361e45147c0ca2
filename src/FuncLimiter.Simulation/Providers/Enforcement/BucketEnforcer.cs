namespace FuncLimiter.Simulation.Providers.Enforcement;

/// <summary>A bucket that refills continuously: OpenAI and Anthropic. 5,000 per minute less one is whole again after 12 ms.</summary>
internal sealed class BucketEnforcer : Enforcer
{
    private double _available;
    private double _at;
    private double _possible = -1;
    private double _possibleAt;

    public BucketEnforcer(LimitOptions options)
        : base(options) => _available = Capacity;

    public override double Capacity => Options.BurstSeconds is { } seconds
        ? Math.Min(Amount, Math.Max(1, seconds * PerSecond))
        : Amount;

    private double PerSecond => Amount / Options.Window.TotalSeconds;

    public override void Open(double now)
    {
        if (_possible < 0)
        {
            (_possible, _possibleAt) = (Capacity, now);
        }
    }

    public override double Available(double now)
    {
        Refill(now);
        return _available;
    }

    public override double WaitFor(double amount, double now)
    {
        Refill(now);
        return Fits(amount, now) ? 0
            : amount > Capacity + Tolerance ? double.PositiveInfinity
            : (amount - _available) / PerSecond;
    }

    public override double ResetIn(double now)
    {
        Refill(now);
        return Math.Max(0, (Capacity - _available) / PerSecond);
    }

    public override double MostPossible(double now) =>
        _possible < 0 ? 0 : _possible + (PerSecond * Math.Max(0, now - _possibleAt));

    public override void Change(double amount, double now)
    {
        Refill(now);
        if (_possible >= 0)
        {
            (_possible, _possibleAt) = (MostPossible(now), now);
        }

        Amount = amount;
        _available = Math.Min(_available, Capacity);
    }

    protected override void Charge(double amount, double now)
    {
        Refill(now);
        _available = Math.Min(Capacity, _available - amount);
    }

    protected override double Reading(double now) => Capacity - Available(now);

    private void Refill(double now)
    {
        if (now > _at)
        {
            _available = Math.Min(Capacity, _available + (PerSecond * (now - _at)));
            _at = now;
        }
    }
}
