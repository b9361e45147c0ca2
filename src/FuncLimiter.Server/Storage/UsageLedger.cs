using System.Threading.Channels;
using Dapper;
using FuncLimiter.Gateway.Calls;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage;

/// <summary>
/// Writes what each call used, in groups and off the calls' own path. Entries that the disk cannot keep up with are counted and told in the log.
/// </summary>
public sealed class UsageLedger(Database database, TimeProvider time, ILogger<UsageLedger> logger) : BackgroundService, IUsageSink
{
    private const int MostWaiting = 65_536;
    private const int MostInGroup = 1000;
    private const int MostSwept = 5000;

    /// <summary>Older entries are forgotten.</summary>
    private static readonly TimeSpan KeepFor = TimeSpan.FromDays(400);

    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(10);

    /// <summary>How long entries gather before they are written.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(200);

    private readonly Channel<UsageRecord> _waiting =
        Channel.CreateBounded<UsageRecord>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    private long _lost;
    private long _told;

    /// <summary>How many entries were lost since the start: too many waited, or the disk refused them.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <inheritdoc/>
    public void Record(UsageRecord record)
    {
        if (!_waiting.Writer.TryWrite(record))
        {
            Interlocked.Increment(ref _lost);
        }
    }

    /// <summary>Sums of a span of time, by tenant, workflow and deployment.</summary>
    /// <param name="from">From when.</param>
    /// <param name="until">Until before when.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IReadOnlyList<UsageSum>> SumAsync(DateTimeOffset from, DateTimeOffset until, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<UsageSum>>(
            (connection, transaction) =>
            [
                .. connection.Query<(string Tenant, string? Workflow, string? Deployment, long Calls, long Input, long Cached, long Output, long Cost)>(
                    """
                    SELECT tenant, workflow, deployment, COUNT(*), IFNULL(SUM(input_tokens), 0), IFNULL(SUM(cached_tokens), 0), IFNULL(SUM(output_tokens), 0),
                      IFNULL(SUM(cost_nano_usd), 0)
                    FROM usage WHERE at >= @from AND at < @until GROUP BY tenant, workflow, deployment ORDER BY tenant, workflow, deployment
                    """,
                    new { from = from.UtcTicks, until = until.UtcTicks },
                    transaction).Select(row => new UsageSum(
                        row.Tenant, row.Workflow, row.Deployment, row.Calls, row.Input, row.Cached, row.Output, row.Cost / UsageRow.NanoPerUsd)),
            ],
            cancellationToken);

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _waiting.Writer.TryComplete();
        if (ExecuteTask is { } writing)
        {
            // The host may have spent its patience on callers: what they used is written all the same.
            await writing.WaitAsync(LongestEnd, time, CancellationToken.None);
        }

        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host stops by completing the channel, so that what waits is still written.
        var group = new List<UsageRecord>(MostInGroup);
        var sweepAt = time.GetUtcNow();
        while (await _waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (group.Count < MostInGroup && _waiting.Reader.TryRead(out var record))
            {
                group.Add(record);
            }

            await WriteAsync(group);
            group.Clear();
            if (time.GetUtcNow() >= sweepAt)
            {
                sweepAt += SweepEvery;
                await SweepAsync();
            }

            if (_waiting.Reader.Count < MostInGroup && !_waiting.Reader.Completion.IsCompleted)
            {
                await Task.WhenAny(Task.Delay(Gathering, time, CancellationToken.None), _waiting.Reader.Completion);
            }
        }
    }

    private async Task WriteAsync(List<UsageRecord> group)
    {
        try
        {
            await database.WriteAsync(
                (connection, transaction) =>
                {
                    connection.Execute(UsageRow.Insert, group.Select(UsageRow.Of), transaction);
                    return group.Count;
                },
                durable: false);
        }
        catch (Exception trouble) when (trouble is SqliteException or ObjectDisposedException)
        {
            Interlocked.Add(ref _lost, group.Count);
            logger.LogError(trouble, "{Count} entries of the usage ledger could not be written.", group.Count);
        }

        if (Lost is var lost && lost > _told)
        {
            logger.LogWarning("{Count} entries of the usage ledger were lost since the start.", lost);
            _told = lost;
        }
    }

    private async Task SweepAsync()
    {
        try
        {
            await database.WriteAsync(
                (connection, transaction) => connection.Execute(
                    "DELETE FROM usage WHERE rowid IN (SELECT rowid FROM usage WHERE at < @before LIMIT @most)",
                    new { before = (time.GetUtcNow() - KeepFor).UtcTicks, most = MostSwept },
                    transaction),
                durable: false);
        }
        catch (Exception trouble) when (trouble is SqliteException or ObjectDisposedException)
        {
            logger.LogError(trouble, "Old entries of the usage ledger could not be forgotten.");
        }
    }
}
