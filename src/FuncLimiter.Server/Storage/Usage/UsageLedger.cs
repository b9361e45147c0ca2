using Dapper;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Usage;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage.Usage;

/// <summary>
/// Sums up what calls used by hour and day, and writes the sums in groups and off the calls' own path. Entries that the disk cannot keep up
/// with are counted and told in the log.
/// </summary>
internal sealed class UsageLedger(Database database, GatewayConfiguration configuration, TimeProvider time, ILogger<UsageLedger> logger)
    : BackgroundService, IUsageLedger
{
    private const int MostInGroup = 1000;
    private const int MostSwept = 5000;

    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan AfterTrouble = TimeSpan.FromSeconds(1);

    /// <summary>How long entries gather before they are written.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(200);

    private readonly UsageQueue _queue = new();
    private readonly UsageBounds _bounds = new();
    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isTroubled;

    /// <inheritdoc cref="UsageQueue.Lost"/>
    public long Lost => _queue.Lost;

    /// <inheritdoc/>
    public void Record(UsageRecord record) => _queue.Add(record);

    /// <inheritdoc/>
    public Task<UsagePage> QueryAsync(UsageQuery query, CancellationToken cancellationToken) =>
        database.ReadAsync((connection, transaction) => UsageReading.Answer(query, connection, transaction), cancellationToken);

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping.TrySetResult();
        await _queue.EndAsync(ExecuteTask, time);
        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host stops by ending the queue, so that what waits is still written.
        var group = new List<UsageRecord>(MostInGroup);
        var sweepAt = time.GetUtcNow();
        while (await _queue.Waiting.WaitToReadAsync(CancellationToken.None))
        {
            while (group.Count < MostInGroup && _queue.Waiting.TryRead(out var record))
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

            if (_queue.Waiting.Count < MostInGroup && !_queue.Waiting.Completion.IsCompleted)
            {
                await Task.WhenAny(Task.Delay(Gathering, time, CancellationToken.None), _queue.Waiting.Completion);
            }
        }
    }

    private async Task WriteAsync(List<UsageRecord> group)
    {
        var sums = new UsageSums(_bounds);
        group.ForEach(sums.Add);
        while (!await TryWriteAsync(group.Count, sums))
        {
            await Task.WhenAny(Task.Delay(AfterTrouble, time, CancellationToken.None), _stopping.Task);
        }

        _isTroubled = false;
        _queue.TellLost(logger);
    }

    /// <returns>False where it may be written later: what comes meanwhile waits, as far as there is room.</returns>
    private async Task<bool> TryWriteAsync(int count, UsageSums sums)
    {
        try
        {
            await database.WriteAsync(
                (connection, transaction) =>
                {
                    foreach (var grain in UsageGrains.All)
                    {
                        connection.Execute(UsageSumRow.Add, sums.Of(grain).Select(cell => UsageSumRow.Of(grain, cell)), transaction);
                    }

                    return count;
                },
                durable: false);
            return true;
        }
        catch (StorageUnavailableException trouble) when (!_stopping.Task.IsCompleted)
        {
            if (!_isTroubled)
            {
                _isTroubled = true;
                logger.LogError(trouble, "The usage ledger can't be written; entries wait until it can.");
            }

            return false;
        }
        catch (Exception trouble)
        {
            _queue.Lose(count);
            logger.LogError(trouble, "{Count} entries of the usage ledger could not be written.", count);
            return true;
        }
    }

    private async Task SweepAsync()
    {
        var (now, kept) = (time.GetUtcNow(), configuration.Usage);
        try
        {
            foreach (var (grain, before) in new[] { (UsageGrain.Hour, now - kept.KeepHours), (UsageGrain.Day, now - kept.KeepDays) })
            {
                while (await database.WriteAsync((connection, transaction) => Forget(connection, transaction, grain, before, kept.MaxRows), durable: false) > 0)
                {
                }
            }
        }
        catch (Exception trouble)
        {
            logger.LogError(trouble, "Old entries of the usage ledger could not be forgotten.");
        }
    }

    // The oldest are the first of the index by time. In bites, so that nothing waits long behind one.
    private static int Forget(SqliteConnection connection, SqliteTransaction transaction, UsageGrain grain, DateTimeOffset before, int maxRows)
    {
        var asked = new { grain = (int)grain, before = before.UtcTicks - grain.Length().Ticks, maxRows, most = MostSwept };
        var excess = connection.ExecuteScalar<long>(
            """
            SELECT MIN(@most, MAX(
              (SELECT COUNT(*) FROM usage_sums WHERE grain = @grain) - @maxRows,
              (SELECT COUNT(*) FROM (SELECT 1 FROM usage_sums WHERE grain = @grain AND at <= @before LIMIT @most))))
            """,
            asked,
            transaction);
        return excess <= 0 ? 0 : connection.Execute(
            """
            DELETE FROM usage_sums WHERE (grain, tenant, at, key) IN (
              SELECT grain, tenant, at, key FROM usage_sums WHERE grain = @grain ORDER BY at LIMIT @excess)
            """,
            new { grain = (int)grain, excess },
            transaction);
    }
}
