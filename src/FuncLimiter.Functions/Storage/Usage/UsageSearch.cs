using FuncLimiter.Gateway.Usage;

namespace FuncLimiter.Functions.Storage.Usage;

/// <summary>Answers a question from the usage ledger: reads the rows of its days and tenants, and no others.</summary>
internal static class UsageSearch
{
    /// <summary>More rows than this are not read for one question.</summary>
    public const int MostRows = 100_000;

    private const int MostPartitions = 20_000;
    private const int AtOnce = 8;

    /// <summary>The answer.</summary>
    /// <exception cref="UsageTooLargeException">It would take more than <see cref="MostRows"/> rows.</exception>
    public static async Task<UsagePage> AnswerAsync(IRowTable table, UsageQuery query, CancellationToken cancellationToken)
    {
        var cells = new List<UsageCell>();
        foreach (var some in (await PartitionsAsync(table, query, cancellationToken)).Chunk(AtOnce))
        {
            var left = MostRows - cells.Count;
            var read = await Task.WhenAll(some.Select(partition => ReadAsync(table, query, partition, left + 1, cancellationToken)));
            cells.AddRange(read.SelectMany(static rows => rows).Select(UsageRows.Read));
            if (cells.Count > MostRows)
            {
                throw new UsageTooLargeException(MostRows);
            }
        }

        return UsageGrouping.Answer(query, cells);
    }

    private static async Task<IEnumerable<(DateTimeOffset Day, string Name)>> PartitionsAsync(
        IRowTable table, UsageQuery query, CancellationToken cancellationToken)
    {
        var days = new List<DateTimeOffset>();
        for (var day = UsageGrain.Day.Floor(query.From); day < query.Until; day = day.AddDays(1))
        {
            days.Add(day);
        }

        if (query.Where.TryGetValue(UsageDimension.Tenant, out var tenant))
        {
            return days.Select(day => (day, UsageRows.Partition(day, tenant)));
        }

        var listed = await table.ReadAsync(
            UsageRows.List(query.Grain), UsageRows.Day(query.From), UsageRows.Day(days[^1].AddDays(1)), MostPartitions + 1, cancellationToken);
        if (listed.Count > MostPartitions)
        {
            throw new UsageTooLargeException(MostRows);
        }

        var byName = days.ToDictionary(UsageRows.Day, StringComparer.Ordinal);
        return listed.Select(row => (byName[row.Key[..row.Key.IndexOf('-', StringComparison.Ordinal)]], row.Key));
    }

    private static Task<IReadOnlyList<Row>> ReadAsync(
        IRowTable table, UsageQuery query, (DateTimeOffset Day, string Name) partition, int most, CancellationToken cancellationToken)
    {
        var (from, before) = UsageRows.Keys(query, partition.Day);
        return table.ReadAsync(partition.Name, from, before, most, cancellationToken);
    }
}
