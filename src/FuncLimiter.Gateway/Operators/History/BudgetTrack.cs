using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Operators.History;

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
