using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using FuncLimiter.Gateway.Calls.State;
using Microsoft.Extensions.Hosting;

namespace FuncLimiter.Functions.Storage;

/// <summary>
/// Keeps which account holds what it made for its callers, beside the answers. What is made is written at once, off the calls' own path, as
/// many together as wait.
/// </summary>
internal sealed class TableState(JobTables tables) : BackgroundService, IStateStore
{
    private const int MostWaiting = 65_536;
    private const int MostOwners = 64;
    private const string Expiring = "state-expiring";

    /// <summary>Longer than what providers keep without end is asked for again; responses they keep 30 days.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(400);
    private const int MostTogether = 100;

    private readonly Channel<Entry> _waiting = Channel.CreateBounded<Entry>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StateOwner>> FindAsync(string id, CancellationToken cancellationToken)
    {
        var (partition, key) = Place(id);
        var rows = await tables.Answers.ReadAsync(partition, $"{key}-", $"{key}.", MostOwners, cancellationToken);
        return [.. rows.OrderBy(row => row.Time("At")).Select(row => new StateOwner(row.Text("Account")!, row.Text("Tenant")!))];
    }

    /// <inheritdoc/>
    public async Task KeepAsync(string id, StateOwner owner, DateTimeOffset now)
    {
        var (partition, key) = Place(id);
        var entry = new Entry(
            new Row(partition, $"{key}-{Hash(owner.Account)[..16]}") { Values = { ["Account"] = owner.Account, ["Tenant"] = owner.Tenant, ["At"] = now } },
            new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await _waiting.Writer.WriteAsync(entry);
        await entry.Written.Task;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                await FlushAsync();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What waits is written before the process ends.
        }

        while (_waiting.Reader.Count > 0)
        {
            await FlushAsync();
        }
    }

    /// <summary>Writes some of what waits.</summary>
    internal async Task FlushAsync()
    {
        var entries = new List<Entry>();
        while (entries.Count < MostTogether && _waiting.Reader.TryRead(out var entry))
        {
            entries.Add(entry);
        }

        try
        {
            // The last of several under one key stands; a batch may have each key once.
            // An entry that leads nowhere is swept; a row that no entry leads to would stay.
            await tables.Answers.WriteAsync([.. entries.Select(ExpiryOf).DistinctBy(row => row.Key)], CancellationToken.None);
            await tables.Answers.WriteAsync([.. entries.Select(entry => entry.Row).GroupBy(row => (row.Partition, row.Key)).Select(rows => rows.Last())], CancellationToken.None);
            entries.ForEach(entry => entry.Written.TrySetResult());
        }
        catch (Exception failure)
        {
            entries.ForEach(entry => entry.Written.TrySetException(failure));
        }
    }

    /// <summary>Forgets some of what has been kept for its time.</summary>
    public async Task<int> SweepAsync(DateTimeOffset now, int most, CancellationToken cancellationToken)
    {
        var entries = await tables.Answers.ReadAsync(Expiring, "", JobRows.EndedKey(now, ""), most, cancellationToken);
        foreach (var entry in entries)
        {
            var row = new Row(entry.Text("Partition")!, entry.Text("Row")!);
            if (await tables.Answers.FindAsync(row.Partition, row.Key, cancellationToken) is { } found && found.Time("At") + Kept <= now)
            {
                await tables.Answers.DeleteAsync([found], cancellationToken);
            }
        }

        await tables.Answers.DeleteAsync(entries, cancellationToken);
        return entries.Count;
    }

    private static Row ExpiryOf(Entry entry) => new(Expiring, JobRows.EndedKey(entry.Row.Time("At")!.Value + Kept, entry.Row.Key))
    {
        Values = { ["Partition"] = entry.Row.Partition, ["Row"] = entry.Row.Key },
    };

    private static (string Partition, string Key) Place(string id)
    {
        var hash = Hash(id);
        return ($"state-{hash[..2]}", hash);
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private sealed record Entry(Row Row, TaskCompletionSource Written);
}
