namespace FuncLimiter.Simulation.Providers.Enforcement;

/// <summary>A counter that starts anew at boundaries one window apart, with what each window may hold left to the kind of window.</summary>
internal abstract class WindowEnforcer : Enforcer
{
    private readonly double _length;
    private readonly double _phase;
    private bool _open;
    private double _possible;

    protected WindowEnforcer(LimitOptions options)
        : base(options)
    {
        _length = options.Window.TotalSeconds;
        _phase = options.Phase.TotalSeconds;
        Index = IndexAt(0);
        Allowance = MostAllowance = Amount;
    }

    /// <summary>What the running window may hold.</summary>
    protected double Allowance { get; set; }

    /// <summary>What the running window could hold at its best moment.</summary>
    protected double MostAllowance { get; set; }

    protected double Used { get; private set; }

    protected long Index { get; private set; }

    public override double Capacity => Allowance;

    public override void Open(double now)
    {
        Roll(now);
        _open = true;
    }

    public override double Available(double now)
    {
        Roll(now);
        return Allowance - Used;
    }

    public override double ResetIn(double now)
    {
        Roll(now);
        return Math.Max(0, _phase + ((Index + 1) * _length) - now);
    }

    public override double MostPossible(double now)
    {
        Roll(now);
        return _open ? _possible + MostAllowance : 0;
    }

    /// <summary>What the next window may hold after one that held <paramref name="used"/>.</summary>
    protected abstract double NextAllowance(double used);

    protected override void Charge(double amount, double now)
    {
        Roll(now);
        Used += amount;
    }

    protected override double Reading(double now) => Used;

    protected void Roll(double now)
    {
        var index = IndexAt(now);
        if (index <= Index)
        {
            return;
        }

        var afterIdle = NextAllowance(0);
        var next = index == Index + 1 ? NextAllowance(Used) : afterIdle;
        _possible += _open ? MostAllowance + ((index - Index - 1) * afterIdle) : 0;
        (Index, Used, Allowance, MostAllowance) = (index, 0, next, next);
    }

    private long IndexAt(double now) => (long)Math.Floor(((now - _phase) / _length) + 1e-9);
}
