namespace FuncLimiter.Simulation.Providers.Enforcement;

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
