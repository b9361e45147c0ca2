using System.Globalization;
using FuncLimiter.Gateway.Calls;

namespace FuncLimiter.Gateway.Operations.Usage;

/// <summary>Sums records up by span and key. For one thread.</summary>
/// <param name="bounds">How many keys are kept apart.</param>
internal sealed class UsageSums(UsageBounds bounds)
{
    private readonly Dictionary<(UsageGrain Grain, DateTimeOffset From, UsageKey Key), UsageTotals> _sums = [];

    /// <summary>How many sums there are.</summary>
    public int Count => _sums.Count;

    /// <summary>Adds a record to its hour and to its day.</summary>
    public void Add(UsageRecord record)
    {
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

/// <summary>Answers a question from sums in memory.</summary>
internal static class UsageGrouping
{
    /// <summary>The answer.</summary>
    /// <param name="cells">The sums of its grain; one key and span may come several times.</param>
    public static UsagePage Answer(UsageQuery query, IEnumerable<UsageCell> cells)
    {
        var lines = new SortedDictionary<UsagePlace, UsageTotals>(UsagePlace.Order);
        var total = default(UsageTotals);
        foreach (var cell in cells.Where(query.Takes))
        {
            total += cell.Totals;
            var place = new UsagePlace(query.BySpan ? cell.From : DateTimeOffset.MinValue, [.. query.By.Select(dimension => cell.Key[dimension])]);
            lines[place] = lines.GetValueOrDefault(place) + cell.Totals;
        }

        var ordered = query.DearestFirst
            ? lines.OrderByDescending(static line => line.Value.CostUsd)
            : lines.Where(line => query.After is null || UsagePlace.Order.Compare(line.Key, query.After) > 0);
        var page = ordered.Take(query.Limit + 1).Select(line => new UsageLine(line.Key, line.Value)).ToList();
        return new UsagePage(page[..Math.Min(page.Count, query.Limit)], total, page.Count > query.Limit);
    }
}

/// <summary>How reports of usage write times.</summary>
internal static class UsageTimes
{
    /// <summary>A time in UTC, to the second.</summary>
    public static string Write(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
