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

/// <summary>The same amount in every window: Azure's minute, and its slices of 1 or 10 seconds.</summary>
internal sealed class FixedWindowEnforcer(LimitOptions options) : WindowEnforcer(options)
{
    public override double WaitFor(double amount, double now) =>
        Fits(amount, now) ? 0 : amount > Allowance + Tolerance ? double.PositiveInfinity : ResetIn(now);

    public override void Change(double amount, double now)
    {
        Roll(now);
        Amount = Allowance = amount;
        MostAllowance = Math.Max(MostAllowance, amount);
    }

    protected override double NextAllowance(double used) => Amount;
}

/// <summary>Any span as long as the window holds at most the limit. Each charge stops counting one window after it was taken.</summary>
internal sealed class SlidingWindowEnforcer(LimitOptions options) : Enforcer(options)
{
    private readonly List<(double At, double Amount)> _taken = [];
    private readonly double _length = options.Window.TotalSeconds;
    private int _oldest;
    private double _sum;
    private double _possible = -1;
    private double _possibleAt;

    public override void Open(double now)
    {
        if (_possible < 0)
        {
            (_possible, _possibleAt) = (0, now);
        }
    }

    public override double Available(double now)
    {
        Expire(now);
        return Amount - _sum;
    }

    public override double WaitFor(double amount, double now)
    {
        var missing = amount - Available(now);
        if (missing <= Tolerance)
        {
            return 0;
        }

        for (var i = _oldest; amount <= Amount + Tolerance && i < _taken.Count; i++)
        {
            missing -= _taken[i].Amount;
            if (missing <= Tolerance)
            {
                return Math.Max(0, _taken[i].At + _length - now);
            }
        }

        return double.PositiveInfinity;
    }

    public override double ResetIn(double now)
    {
        Expire(now);
        return _oldest < _taken.Count ? Math.Max(0, _taken[^1].At + _length - now) : 0;
    }

    public override double MostPossible(double now) =>
        _possible < 0 ? 0 : _possible + (Amount * (Math.Floor(((now - _possibleAt) / _length) + 1e-9) + 1));

    public override void Change(double amount, double now)
    {
        if (_possible >= 0)
        {
            var whole = Math.Floor(((now - _possibleAt) / _length) + 1e-9);
            (_possible, _possibleAt) = (_possible + (Amount * whole), _possibleAt + (whole * _length));
        }

        Amount = amount;
    }

    protected override void Charge(double amount, double now)
    {
        Expire(now);
        for (; amount < 0 && _taken.Count > _oldest; amount += _taken[^1].Amount, _taken.RemoveAt(_taken.Count - 1))
        {
            if (_taken[^1].Amount + amount > 0)
            {
                _taken[^1] = (_taken[^1].At, _taken[^1].Amount + amount);
                _sum += amount;
                return;
            }

            _sum -= _taken[^1].Amount;
        }

        if (amount > 0)
        {
            _taken.Add((now, amount));
            _sum += amount;
        }
    }

    protected override double Reading(double now) => _sum;

    private void Expire(double now)
    {
        for (; _oldest < _taken.Count && _taken[_oldest].At + _length <= now + Tolerance; _oldest++)
        {
            _sum -= _taken[_oldest].Amount;
        }

        if (_oldest > 1024 && _oldest * 2 > _taken.Count)
        {
            _taken.RemoveRange(0, _oldest);
            _oldest = 0;
        }
    }
}

/// <summary>
/// A window holds what the last one held plus a step, and at least the base. The providers only say that sharp growth is refused; the
/// steps follow Anthropic's refusals ("current limit is 58,276 ... will increase to 68,276 at the next minute boundary").
/// </summary>
internal sealed class AccelerationEnforcer(LimitOptions options) : WindowEnforcer(options)
{
    private (long Index, double Allowance)? _opened;

    /// <summary>What the next window will hold if nothing more is taken in this one.</summary>
    public double Next(double now)
    {
        Roll(now);
        return NextAllowance(Used);
    }

    public override void Open(double now)
    {
        base.Open(now);
        _opened ??= (Index, Allowance);
    }

    /// <summary>Until the next window, even for more than that will hold: a limit that grows never says never.</summary>
    public override double WaitFor(double amount, double now) => Fits(amount, now) ? 0 : ResetIn(now);

    /// <summary>As if every window so far had been used up, each one a step larger than the last.</summary>
    public override double MostPossible(double now)
    {
        Roll(now);
        if (_opened is not var (index, first))
        {
            return 0;
        }

        var windows = Index - index + 1;
        return (windows * first) + (Options.Step * (windows * (windows - 1) / 2.0));
    }

    public override void Change(double amount, double now) =>
        throw new NotSupportedException("An acceleration limit follows use; it is not set.");

    protected override double NextAllowance(double used) => Math.Max(Amount, used + Options.Step);
}
