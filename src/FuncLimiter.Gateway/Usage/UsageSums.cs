using FuncLimiter.Gateway.Calls;

namespace FuncLimiter.Gateway.Usage;

/// <summary>Sums records up by span and key. For one thread.</summary>
/// <param name="bounds">How many keys are kept apart.</param>
public sealed class UsageSums(UsageBounds bounds)
{
    private readonly Dictionary<(UsageGrain Grain, DateTimeOffset From, UsageKey Key), UsageTotals> _sums = [];

    /// <summary>How many sums there are.</summary>
    public int Count => _sums.Count;

    /// <summary>Adds a record to its hour and to its day.</summary>
    public void Add(UsageRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        var totals = UsageTotals.Of(record);
        foreach (var grain in UsageGrains.All)
        {
            var from = grain.Floor(record.At);
            var place = (grain, from, bounds.Keep(grain, from, UsageKey.Of(record, grain)));
            _sums[place] = _sums.GetValueOrDefault(place) + totals;
        }
    }

    /// <summary>The sums of a grain.</summary>
    public IEnumerable<UsageCell> Of(UsageGrain grain) => _sums.Where(sum => sum.Key.Grain == grain)
        .Select(sum => new UsageCell(sum.Key.From, sum.Key.Key, sum.Value));

    /// <summary>Forgets spans that began before an instant.</summary>
    /// <returns>How many sums were forgotten.</returns>
    public int Forget(UsageGrain grain, DateTimeOffset before)
    {
        var old = _sums.Keys.Where(sum => sum.Grain == grain && sum.From < before).ToArray();
        foreach (var sum in old)
        {
            _sums.Remove(sum);
        }

        return old.Length;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _sums.Clear();
}
