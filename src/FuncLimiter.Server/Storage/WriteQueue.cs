using System.Threading.Channels;
using Dapper;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage;

/// <summary>
/// The database's one writer: a thread that makes all changes which wait in one transaction, so that many of them share one flush to disk.
/// A change that throws is undone alone.
/// </summary>
internal sealed class WriteQueue : IDisposable
{
    private const int MostWaiting = 8192;
    private const int MostInGroup = 512;
    private const string Savepoint = "operation";

    private readonly SqliteConnection _connection;
    private readonly Thread _thread;
    private readonly Channel<WriteOperation> _waiting = Channel.CreateBounded<WriteOperation>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    private bool _flushes = true;

    /// <summary>Takes over the connection, which must not be used by others from now on.</summary>
    public WriteQueue(SqliteConnection connection)
    {
        _connection = connection;
        SetFlushing(false);
        _thread = new Thread(Run) { IsBackground = true, Name = "FuncLimiter storage" };
        _thread.Start();
    }

    /// <summary>Waits for a place, then for the change to be committed.</summary>
    public async Task<T> RunAsync<T>(Func<SqliteConnection, SqliteTransaction, T> work, bool durable, CancellationToken cancellationToken)
    {
        var operation = new WriteOperation<T>(work, durable);
        try
        {
            await _waiting.Writer.WriteAsync(operation, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(WriteQueue), "The storage is closed.");
        }

        return await operation.Done.WaitAsync(cancellationToken);
    }

    /// <summary>Commits what waits, then closes the connection.</summary>
    public void Dispose()
    {
        _waiting.Writer.TryComplete();
        _thread.Join();
        _connection.Dispose();
    }

    private void Run()
    {
        var group = new List<WriteOperation>(MostInGroup);
        while (_waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (group.Count < MostInGroup && _waiting.Reader.TryRead(out var operation))
            {
                group.Add(operation);
            }

            Commit(group);
            group.Clear();
        }
    }

    private void Commit(List<WriteOperation> group)
    {
        var done = new List<WriteOperation>(group.Count);
        try
        {
            SetFlushing(group.Exists(operation => operation.Durable));
            using var transaction = _connection.BeginTransaction();
            foreach (var operation in group)
            {
                if (TryRun(operation, transaction))
                {
                    done.Add(operation);
                }
            }

            transaction.Commit();
        }
        catch (Exception reason)
        {
            // The whole group is undone; who was told of a failure of their own already is not told again.
            group.ForEach(operation => operation.Fail(reason));
            return;
        }

        done.ForEach(operation => operation.Complete());
    }

    private static bool TryRun(WriteOperation operation, SqliteTransaction transaction)
    {
        transaction.Save(Savepoint);
        try
        {
            operation.Run(transaction.Connection!, transaction);
            transaction.Release(Savepoint);
            return true;
        }
        catch (Exception reason)
        {
            // Throws where SQLite undid everything by itself (a full disk), which then fails the whole group.
            transaction.Rollback(Savepoint);
            transaction.Release(Savepoint);
            operation.Fail(reason);
            return false;
        }
    }

    // FULL flushes at each commit; NORMAL leaves that to checkpoints, which survives a killed process but not a power cut.
    private void SetFlushing(bool flushes)
    {
        if (flushes != _flushes)
        {
            _connection.Execute(flushes ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
            _flushes = flushes;
        }
    }
}
