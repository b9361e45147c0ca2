using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Usage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Functions.Storage.Usage;

/// <summary>
/// The usage ledger: sums by hour and by day, kept whole in memory while they grow and written over and over, off the calls' own path. What
/// storage takes not now is written with the next, so that only a process's end loses entries; what memory can't hold is counted and told.
/// </summary>
internal sealed class TableUsage(JobTables tables, GatewayConfiguration configuration, TimeProvider time, ILogger<TableUsage> logger)
    : BackgroundService, IUsageLedger
{
    /// <summary>How long entries gather; what is asked meanwhile lacks them.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(5);

    private readonly UsageQueue _queue = new();
    private readonly string _process = Guid.NewGuid().ToString("N");
    private readonly UsageBounds _bounds = new();
    private readonly Dictionary<(UsageGrain Grain, DateTimeOffset From, UsageKey Key), UsageTotals> _grown = [];
    private readonly HashSet<(UsageGrain Grain, DateTimeOffset From, UsageKey Key)> _unwritten = [];
    private readonly HashSet<(string List, string Partition)> _listed = [];

    /// <inheritdoc/>
    public void Record(UsageRecord record) => _queue.Add(record);

    /// <inheritdoc/>
    public Task<UsagePage> QueryAsync(UsageQuery query, CancellationToken cancellationToken) => UsageSearch.AnswerAsync(tables.Usage, query, cancellationToken);

    /// <summary>Forgets some of the hours and days that have been kept for their time.</summary>
    public async Task<int> SweepAsync(DateTimeOffset now, int most, CancellationToken cancellationToken) =>
        await SweepAsync(UsageRows.Hours, "h", UsageRows.EndOfHours, now - configuration.Usage.KeepHours, most, cancellationToken)
        + await SweepAsync(UsageRows.Days, "", JobRows.Last, now - configuration.Usage.KeepDays, most, cancellationToken);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await _queue.Waiting.WaitToReadAsync(stoppingToken))
            {
                await Task.Delay(Gathering, time, stoppingToken);
                await FlushAsync();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What has gathered is written before the process ends.
        }

        await FlushAsync();
    }

    /// <summary>Writes what has gathered.</summary>
    internal async Task FlushAsync()
    {
        var gathered = new UsageSums(_bounds);
        while (_queue.Waiting.TryRead(out var record))
        {
            gathered.Add(record);
        }

        foreach (var grain in UsageGrains.All)
        {
            foreach (var cell in gathered.Of(grain))
            {
                var place = (grain, cell.From, cell.Key);
                _grown[place] = _grown.GetValueOrDefault(place) + cell.Totals;
                _unwritten.Add(place);
            }
        }

        await WriteAsync();
        Forget();
    }

    private async Task WriteAsync()
    {
        try
        {
            var lists = _unwritten.Select(place => (UsageRows.List(place.Grain), UsageRows.Partition(place.From, place.Key.Tenant))).Distinct()
                .Where(entry => !_listed.Contains(entry)).ToArray();
            await tables.Usage.WriteAsync([.. lists.Select(entry => new Row(entry.Item1, entry.Item2))], CancellationToken.None);
            _listed.UnionWith(lists);
            Row[] rows = [.. _unwritten.Select(place => UsageRows.Of(place.Grain, new UsageCell(place.From, place.Key, _grown[place]), _process))];
            await tables.Usage.WriteAsync(rows, CancellationToken.None);
            _unwritten.Clear();
        }
        catch (Exception trouble)
        {
            logger.LogError(trouble, "{Count} sums of the usage ledger could not be written; they are written with the next.", _unwritten.Count);
        }

        _queue.TellLost(logger);
    }

    // A span that is over grows no more once calls that ended in it have come through.
    private void Forget()
    {
        var now = time.GetUtcNow();
        foreach (var place in _grown.Keys.Where(place => place.From + (2 * place.Grain.Length()) < now && !_unwritten.Contains(place)).ToArray())
        {
            _grown.Remove(place);
        }

        var oldest = UsageRows.Day(now.AddDays(-2));
        _listed.RemoveWhere(entry => string.CompareOrdinal(entry.Partition, oldest) < 0);
    }

    private async Task<int> SweepAsync(string list, string from, string end, DateTimeOffset before, int most, CancellationToken cancellationToken)
    {
        if (await tables.Usage.ReadAsync(list, "", UsageRows.Day(before), 1, cancellationToken) is not [var oldest])
        {
            return 0;
        }

        var rows = await tables.Usage.ReadAsync(oldest.Key, from, end, most, cancellationToken);
        await tables.Usage.DeleteAsync(rows.Count > 0 ? rows : [oldest], cancellationToken);
        return 1;
    }
}

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
