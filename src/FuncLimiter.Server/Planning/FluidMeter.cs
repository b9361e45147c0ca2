using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Server.Planning;

/// <summary>One limit, as a tank that work flows out of.</summary>
internal sealed class FluidMeter
{
    private readonly double[] _takenByHour = new double[24];
    private readonly double _capacity;
    private double _level;

    public FluidMeter(Limit limit, double stepSeconds)
    {
        Limit = limit;
        PerSecond = limit.Algorithm == LimitAlgorithm.Concurrency ? limit.Amount : limit.PerSecond;

        // Windows carry nothing over: what a minute leaves unused is gone. Day counters and buckets keep what they hold.
        _capacity = limit.Algorithm is LimitAlgorithm.Bucket or LimitAlgorithm.CalendarDay ? limit.Capacity : PerSecond * stepSeconds;
        _capacity = limit.Algorithm == LimitAlgorithm.Bucket ? Math.Max(_capacity, PerSecond * stepSeconds) : _capacity;
        _level = _capacity;
    }

    public Limit Limit { get; }

    /// <summary>What comes back in a second; calls at once count in held seconds.</summary>
    public double PerSecond { get; }

    /// <summary>What it holds when full.</summary>
    public double Capacity => _capacity;

    /// <summary>What can be taken now.</summary>
    public double Level => _level;

    /// <summary>What is free of what it holds, 0 to 1.</summary>
    public double Headroom => Math.Clamp(_level / _capacity, 0, 1);

    /// <summary>What was taken in an hour of the day.</summary>
    public IReadOnlyList<double> TakenByHour => _takenByHour;

    /// <summary>What a day lets through in an hour at most.</summary>
    public double PerHour => PerSecond * 3600;

    public void Refill(double seconds)
    {
        if (Limit.Algorithm != LimitAlgorithm.CalendarDay)
        {
            _level = Math.Min(_capacity, _level + (PerSecond * seconds));
        }
    }

    public void Take(double amount, int hour)
    {
        _level -= amount;
        _takenByHour[hour] += amount;
    }
}
