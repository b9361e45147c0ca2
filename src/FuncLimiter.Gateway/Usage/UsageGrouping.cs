namespace FuncLimiter.Gateway.Usage;

/// <summary>Answers a question from sums in memory.</summary>
public static class UsageGrouping
{
    /// <summary>The answer.</summary>
    /// <param name="query">The question.</param>
    /// <param name="cells">The sums of its grain; one key and span may come several times.</param>
    public static UsagePage Answer(UsageQuery query, IEnumerable<UsageCell> cells)
    {
        ArgumentNullException.ThrowIfNull(query);
        var lines = new SortedDictionary<UsagePlace, UsageTotals>(UsagePlace.Order);
        var total = default(UsageTotals);
        foreach (var cell in cells.Where(query.Takes))
        {
            total += cell.Totals;
            var place = new UsagePlace(query.BySpan ? cell.From : DateTimeOffset.MinValue, [.. query.By.Select(dimension => cell.Key[dimension])]);
            lines[place] = lines.GetValueOrDefault(place) + cell.Totals;
        }

        var after = lines.Where(line => query.After is null || UsagePlace.Order.Compare(line.Key, query.After) > 0);
        var page = after.Take(query.Limit + 1).Select(line => new UsageLine(line.Key, line.Value)).ToList();
        return new UsagePage(page[..Math.Min(page.Count, query.Limit)], total, page.Count > query.Limit);
    }
}
