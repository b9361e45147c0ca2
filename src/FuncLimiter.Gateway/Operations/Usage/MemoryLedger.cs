using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Operations.Usage;

/// <summary>A ledger that ends with its process, for hosts without storage.</summary>
internal sealed class MemoryLedger(UsageConfiguration bounds) : IUsageLedger
{
    /// <summary>Sums of hours and days together that are held at most; the oldest go first.</summary>
    private const int MostSums = 250_000;

    private const int Slack = 1_000;

    private readonly Lock _gate = new();
    private readonly UsageSums _sums = new(new UsageBounds());
    private DateTimeOffset _hour;
    private int _most = MostSums;

    /// <inheritdoc/>
    public void Record(UsageRecord record)
    {
        lock (_gate)
        {
            _sums.Add(record);
            var hour = UsageGrain.Hour.Floor(record.At);
            if (hour > _hour || _sums.Count > _most)
            {
                _hour = hour;
                Forget(hour);
                _most = Math.Max(MostSums, _sums.Count + Slack);
            }
        }
    }

    /// <inheritdoc/>
    public Task<UsagePage> QueryAsync(UsageQuery query, CancellationToken cancellationToken)
    {
        UsageCell[] cells;
        lock (_gate)
        {
            cells = [.. _sums.Of(query.Grain).Where(query.Takes)];
        }

        return Task.FromResult(UsageGrouping.Answer(query, cells));
    }

    private void Forget(DateTimeOffset hour)
    {
        _sums.Forget(UsageGrain.Day, UsageGrain.Day.Floor(hour - bounds.KeepDays));
        _sums.Forget(UsageGrain.Hour, hour - bounds.KeepHours);
        foreach (var grain in UsageGrains.All)
        {
            while (_sums.Count > MostSums && _sums.Of(grain).Select(cell => cell.From).DefaultIfEmpty(hour).Min() is var oldest && oldest < grain.Floor(hour))
            {
                _sums.Forget(grain, oldest + grain.Length());
            }
        }
    }
}
