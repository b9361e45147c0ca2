namespace FuncLimiter.Simulation.Virtual;

/// <summary>Waits in buckets that each are 2 % wider than the last, so that millions take no more room than a few.</summary>
public sealed class WaitHistogram
{
    private const double Growth = 1.02;
    private const double LeastSeconds = 0.001;
    private const int Buckets = 1000;
    private static readonly double LogGrowth = Math.Log(Growth);

    private readonly long[] _counts = new long[Buckets];

    /// <summary>How many waits were counted.</summary>
    public long Count { get; private set; }

    /// <summary>The longest of them, in seconds.</summary>
    public double LongestSeconds { get; private set; }

    /// <summary>The sum of all of them, in seconds.</summary>
    public double TotalSeconds { get; private set; }

    /// <summary>Counts a wait.</summary>
    /// <param name="seconds">How long.</param>
    /// <param name="times">How many calls waited so long.</param>
    public void Add(double seconds, long times = 1)
    {
        var bucket = seconds <= LeastSeconds ? 0 : 1 + (int)(Math.Log(seconds / LeastSeconds) / LogGrowth);
        _counts[Math.Min(bucket, Buckets - 1)] += times;
        Count += times;
        TotalSeconds += seconds * times;
        LongestSeconds = Math.Max(LongestSeconds, seconds);
    }

    /// <summary>Counts all waits of another.</summary>
    public void Add(WaitHistogram other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (var i = 0; i < Buckets; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        TotalSeconds += other.TotalSeconds;
        LongestSeconds = Math.Max(LongestSeconds, other.LongestSeconds);
    }

    /// <summary>The wait in seconds that so large a share of all did not exceed, to 1 %; 0 where nothing was counted, or up to a millisecond.</summary>
    /// <param name="share">0 to 1.</param>
    public double Quantile(double share)
    {
        var rank = (long)Math.Ceiling(share * Count);
        long seen = 0;
        for (var i = 0; i < Buckets && Count > 0; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
            {
                return i == 0 ? 0 : Math.Min(LongestSeconds, LeastSeconds * Math.Exp((i - 0.5) * LogGrowth));
            }
        }

        return 0;
    }
}
