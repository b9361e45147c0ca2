using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Operators.History;

/// <summary>
/// One meter's last hour. What counts as its use is what an operator means by it: of a window of at most a minute the part of the limit that
/// was taken in the last such window, whatever the moment's fill of a bucket is; of longer windows and of calls under way what is taken now.
/// </summary>
internal sealed class MeterTrack
{
    /// <summary>How many points the trend has at most: an hour.</summary>
    public const int MostPoints = 360;

    /// <summary>The time that one point of the trend stands for.</summary>
    public static readonly TimeSpan Point = TimeSpan.FromSeconds(10);

    private const int MostReadings = 64;
    private const double PerUnit = 10_000;
    private static readonly TimeSpan LongestMoving = TimeSpan.FromMinutes(1);

    private readonly long[]? _times;
    private readonly double[]? _totals;
    private readonly ushort[] _points = new ushort[MostPoints];
    private readonly TimeSpan _window;
    private int _readings;
    private long _point = -1;
    private long _firstPoint = -1;

    /// <summary>A track of a meter.</summary>
    /// <param name="windowSeconds">The meter's window in seconds; 0 for calls under way.</param>
    /// <param name="isWhole">Whether what it takes is all that is taken: false where its budget is shared with other processes.</param>
    public MeterTrack(double windowSeconds, bool isWhole)
    {
        _window = TimeSpan.FromSeconds(windowSeconds);
        if (isWhole && windowSeconds > 0 && _window <= LongestMoving)
        {
            _times = new long[MostReadings];
            _totals = new double[MostReadings];
        }
    }

    /// <summary>The share of the limit in use, 0 or more; above 1 where a full bucket was emptied on top of its refill.</summary>
    public double Use { get; private set; }

    /// <summary>The units that make up <see cref="Use"/>.</summary>
    public double Taken { get; private set; }

    /// <summary>Takes a reading in.</summary>
    public void Add(MeterReport meter, Instant now)
    {
        Taken = _times is null ? meter.Used : Math.Max(0, meter.Total - TotalAt(now - _window, meter.Total));
        Use = Taken / Math.Max(1, _times is null ? meter.Capacity : meter.Effective);
        if (_times is not null)
        {
            Keep(now, meter.Total);
        }

        Draw(now);
    }

    /// <summary>The use over the last hour, oldest first, one point for every ten seconds; each the largest of its time.</summary>
    public double[] Trend()
    {
        if (_firstPoint < 0)
        {
            return [];
        }

        var first = Math.Max(_firstPoint, _point - MostPoints + 1);
        var trend = new double[_point - first + 1];
        for (var i = 0; i < trend.Length; i++)
        {
            trend[i] = _points[(first + i) % MostPoints] / PerUnit;
        }

        return trend;
    }

    private void Keep(Instant now, double total)
    {
        var place = _readings % MostReadings;
        (_times![place], _totals![place]) = (now.Ticks, total);
        _readings++;
    }

    // Between two readings what was taken is spread evenly: a window rarely begins at a reading.
    private double TotalAt(Instant at, double latest)
    {
        var kept = Math.Min(_readings, MostReadings);
        var (laterTime, laterTotal) = (0L, latest);
        for (var back = 1; back <= kept; back++)
        {
            var place = (_readings - back) % MostReadings;
            var (time, total) = (_times![place], _totals![place]);
            if (time <= at.Ticks)
            {
                return laterTime <= time ? total : total + ((laterTotal - total) * (at.Ticks - time) / (laterTime - time));
            }

            (laterTime, laterTotal) = (time, total);
        }

        // Before the first reading nothing was taken: whatever the total says came since.
        return 0;
    }

    private void Draw(Instant now)
    {
        var point = now.Ticks / Point.Ticks;
        if (_firstPoint < 0)
        {
            _firstPoint = point;
        }

        for (var missed = Math.Max(_point + 1, point - MostPoints + 1); missed < point && _point >= 0; missed++)
        {
            _points[missed % MostPoints] = 0;
        }

        var share = (ushort)Math.Min(ushort.MaxValue, Use * PerUnit);
        ref var drawn = ref _points[point % MostPoints];
        drawn = point == _point ? Math.Max(drawn, share) : share;
        _point = point;
    }
}
