using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Operations.History;

/// <summary>One budget as it stands, with its meters' last hour.</summary>
internal sealed class BudgetTrack
{
    private MeterTrack[] _meters = [];

    public BudgetTrack(BudgetReport report) => Latest = report;

    /// <summary>How it stood last.</summary>
    public BudgetReport Latest { get; private set; }

    /// <summary>Its meters' tracks, in the report's order.</summary>
    public IReadOnlyList<MeterTrack> Meters => _meters;

    /// <summary>The round in which it was seen last.</summary>
    public long Round { get; set; }

    /// <summary>The use of its tightest meter.</summary>
    public double Use => _meters.Length == 0 ? 0 : _meters.Max(static meter => meter.Use);

    /// <summary>The place of its tightest meter; 0 where it has none.</summary>
    public int Tightest
    {
        get
        {
            var tightest = 0;
            for (var i = 1; i < _meters.Length; i++)
            {
                tightest = _meters[i].Use > _meters[tightest].Use ? i : tightest;
            }

            return tightest;
        }
    }

    /// <summary>Takes a reading in.</summary>
    public void Add(BudgetReport report, Instant now)
    {
        Latest = report;
        if (_meters.Length != report.Meters.Count)
        {
            _meters = [.. report.Meters.Select(static _ => new MeterTrack())];
        }

        for (var i = 0; i < _meters.Length; i++)
        {
            _meters[i].Add(report.Meters[i], now);
        }
    }
}

/// <summary>One meter's last hour: the share of it that is taken, as the meter that decides has it.</summary>
internal sealed class MeterTrack
{
    /// <summary>How many points the trend has at most: an hour.</summary>
    public const int MostPoints = 360;

    /// <summary>The time that one point of the trend stands for.</summary>
    public static readonly TimeSpan Point = TimeSpan.FromSeconds(10);

    private const double PerUnit = 10_000;
    private const double MemorySeconds = 60;

    private readonly ushort[] _points = new ushort[MostPoints];
    private long _point = -1;
    private long _firstPoint = -1;
    private Instant _at = Instant.Unknown;
    private double _total;
    private double _weight;
    private double _flowed;

    /// <summary>
    /// The part of the limit that calls took in about the last minute, 0 or more: of a window what went through it over what could have, of
    /// concurrency the part of the places that were taken.
    /// </summary>
    public double Flow => _weight > 0 ? Math.Max(0, _flowed / _weight) : 0;

    /// <summary>The share of the meter in use, see <see cref="MeterReport.Use"/>.</summary>
    public double Use { get; private set; }

    /// <summary>The units that make up <see cref="Use"/>.</summary>
    public double Taken { get; private set; }

    /// <summary>Takes a reading in.</summary>
    public void Add(MeterReport meter, Instant now)
    {
        (Taken, Use) = (meter.Used, meter.Use);
        Follow(meter, now);
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

    private void Follow(MeterReport meter, Instant now)
    {
        if (_at.IsKnown && now > _at && meter.Effective > 0)
        {
            var elapsed = (now - _at).TotalSeconds;
            var (kept, part) = (Math.Exp(-elapsed / MemorySeconds), meter.WindowSeconds > 0 ? (meter.Total - _total) / elapsed * meter.WindowSeconds / meter.Effective : meter.Use);
            (_flowed, _weight) = ((_flowed * kept) + (part * (1 - kept)), (_weight * kept) + 1 - kept);
        }

        (_at, _total) = (now, meter.Total);
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
