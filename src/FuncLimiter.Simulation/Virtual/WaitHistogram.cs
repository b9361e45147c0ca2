namespace FuncLimiter.Simulation.Virtual;

/// <summary>Waits in buckets that each are 2 % wider than the last, so that millions take no more room than a few.</summary>
public sealed class WaitHistogram
{
    private const double Growth = 1.02;
    private const double LeastSeconds = 0.001;
    private const int Buckets = 1000;
    private const double Tolerance = 1e-6;
    private static readonly double LogGrowth = Math.Log(Growth);

    // Most hours of most groups see no wait: those take no room.
    private double[]? _counts;
    private double _none;

    /// <summary>How many waits were counted; parts of calls count where a flow of calls is followed.</summary>
    public double Count { get; private set; }

    /// <summary>The longest of them, in seconds.</summary>
    public double LongestSeconds { get; private set; }

    /// <summary>The sum of all of them, in seconds.</summary>
    public double TotalSeconds { get; private set; }

    /// <summary>Counts a wait.</summary>
    /// <param name="seconds">How long.</param>
    /// <param name="times">How many calls waited so long.</param>
    public void Add(double seconds, double times = 1)
    {
        var bucket = seconds <= LeastSeconds ? 0 : 1 + (int)(Math.Log(seconds / LeastSeconds) / LogGrowth);
        if (bucket == 0)
        {
            _none += times;
        }
        else
        {
            (_counts ??= new double[Buckets])[Math.Min(bucket, Buckets - 1)] += times;
        }

        Count += times;
        TotalSeconds += seconds * times;
        LongestSeconds = Math.Max(LongestSeconds, seconds);
    }

    /// <summary>Counts all waits of another.</summary>
    public void Add(WaitHistogram other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _none += other._none;
        if (other._counts is { } counts)
        {
            _counts ??= new double[Buckets];
            for (var i = 0; i < Buckets; i++)
            {
                _counts[i] += counts[i];
            }
        }

        Count += other.Count;
        TotalSeconds += other.TotalSeconds;
        LongestSeconds = Math.Max(LongestSeconds, other.LongestSeconds);
    }

    /// <summary>The wait in seconds that so large a share of all did not exceed, to 1 %; 0 where nothing was counted, or up to a millisecond.</summary>
    /// <param name="share">0 to 1.</param>
    public double Quantile(double share)
    {
        var rank = (share * Count) - Tolerance;
        var seen = _none;
        for (var i = 1; i < Buckets && seen < rank && _counts is not null; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                return Math.Min(LongestSeconds, LeastSeconds * Math.Exp((i - 0.5) * LogGrowth));
            }
        }

        return 0;
    }
}
