using System.Globalization;
using System.Threading.Channels;
using FuncLimiter.Gateway.Calls;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Functions.Storage;

/// <summary>
/// The usage ledger: one row a call, in a partition for each day and tenant, written in groups off the calls' own path. What storage can't
/// keep up with is counted and told in the log.
/// </summary>
internal sealed class TableUsage(JobTables tables, TimeProvider time, ILogger<TableUsage> logger) : BackgroundService, IUsageSink
{
    /// <summary>The partition that lists the ledger's other partitions.</summary>
    public const string Days = "days";

    private const int MostWaiting = 65_536;
    private const int MostInGroup = 1_000;
    private const decimal NanoPerUsd = 1_000_000_000m;

    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KeepFor = TimeSpan.FromDays(400);

    private readonly Channel<UsageRecord> _waiting = Channel.CreateBounded<UsageRecord>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    private readonly HashSet<string> _listed = new(StringComparer.Ordinal);
    private long _lost;
    private long _told;

    /// <inheritdoc/>
    public void Record(UsageRecord record)
    {
        if (!_waiting.Writer.TryWrite(record))
        {
            Interlocked.Increment(ref _lost);
        }
    }

    /// <summary>Forgets whole days that are older than 400 days.</summary>
    public async Task<int> SweepAsync(DateTimeOffset now, int most, CancellationToken cancellationToken)
    {
        var old = await tables.Usage.ReadAsync(Days, "", Day(now - KeepFor), 1, cancellationToken);
        if (old is not [var day])
        {
            return 0;
        }

        var rows = await tables.Usage.ReadAsync(day.Key, "", JobRows.Last, most, cancellationToken);
        await tables.Usage.DeleteAsync(rows.Count > 0 ? rows : [day], cancellationToken);
        return 1;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
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

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    /// <summary>Writes what has gathered.</summary>
    internal async Task FlushAsync()
    {
        var rows = new List<Row>();
        while (_waiting.Reader.TryRead(out var record))
        {
            rows.Add(ToRow(record));
            if (rows.Count == MostInGroup)
            {
                await WriteAsync(rows);
                rows.Clear();
            }
        }

        if (rows.Count > 0)
        {
            await WriteAsync(rows);
        }
    }

    private async Task WriteAsync(List<Row> rows)
    {
        try
        {
            var days = rows.Select(row => row.Partition).Distinct().Where(day => !_listed.Contains(day)).ToArray();
            await tables.Usage.WriteAsync([.. days.Select(day => new Row(Days, day))], CancellationToken.None);
            _listed.UnionWith(days);
            await tables.Usage.WriteAsync(rows, CancellationToken.None);
        }
        catch (Exception trouble)
        {
            Interlocked.Add(ref _lost, rows.Count);
            logger.LogError(trouble, "{Count} entries of the usage ledger could not be written.", rows.Count);
        }

        var lost = Interlocked.Read(ref _lost);
        if (lost > _told)
        {
            logger.LogWarning("{Count} entries of the usage ledger are lost since the start.", lost);
            _told = lost;
        }
    }

    // Tenants' ids may hold letters that keys of rows may not.
    private static Row ToRow(UsageRecord record)
    {
        var row = new Row($"{Day(record.At)}-{Uri.EscapeDataString(record.Caller.Tenant).Replace('%', '=')}", $"{record.At.UtcTicks:D19}-{Guid.NewGuid():N}")
        {
            Values =
            {
                ["Tenant"] = record.Caller.Tenant,
                ["Priority"] = record.Caller.Priority.ToString(),
                ["Route"] = record.Route,
                ["Operation"] = record.Operation.ToString(),
                ["Status"] = (long)record.Status,
                ["WaitedMs"] = (long)record.Waited.TotalMilliseconds,
                ["DurationMs"] = (long)record.Duration.TotalMilliseconds,
                ["Attempts"] = (long)record.Attempts,
            },
        };
        JobRows.Set(row, "User", record.Caller.User);
        JobRows.Set(row, "Workflow", record.Caller.Workflow);
        JobRows.Set(row, "Step", record.Caller.Step);
        JobRows.Set(row, "Run", record.Caller.Run);
        JobRows.Set(row, "Deployment", record.Deployment);
        if (record.Usage is { } usage)
        {
            (row.Values["InputTokens"], row.Values["CachedInputTokens"]) = ((long)usage.InputTokens, (long)usage.CacheReadTokens);
            row.Values["OutputTokens"] = (long)usage.OutputTokens;
        }

        if (record.CostUsd is { } cost)
        {
            row.Values["CostNanoUsd"] = (long)(cost * NanoPerUsd);
        }

        return row;
    }
}
