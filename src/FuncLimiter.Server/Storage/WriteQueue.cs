using System.Threading.Channels;
using Dapper;
using FuncLimiter.Gateway.Errors;
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

    private readonly Func<SqliteConnection> _open;
    private readonly Thread _thread;
    private readonly Channel<WriteOperation> _waiting = Channel.CreateBounded<WriteOperation>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    private SqliteConnection _connection;
    private bool _flushes = true;
    private volatile string? _trouble;
    private volatile bool _emptiesLog;

    /// <summary>Takes over the connection, which must not be used by others from now on.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="open">Opens another one like it, where this one is of no use any more.</param>
    public WriteQueue(SqliteConnection connection, Func<SqliteConnection> open)
    {
        (_connection, _open) = (connection, open);
        SetFlushing(false);
        _thread = new Thread(Run) { IsBackground = true, Name = "FuncLimiter storage" };
        _thread.Start();
    }

    /// <summary>Why the last group could not be written; null where it was, or was wrong in itself.</summary>
    public string? Trouble => _trouble;

    /// <summary>With the next group, the log is written into the database and emptied.</summary>
    public void EmptyLog() => _emptiesLog = true;

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
        string? trouble = null;
        try
        {
            SetFlushing(group.Exists(operation => operation.Durable));
            using var transaction = _connection.BeginTransaction();
            foreach (var operation in group)
            {
                if (TryRun(operation, transaction, ref trouble))
                {
                    done.Add(operation);
                }
            }

            transaction.Commit();
        }
        catch (Exception reason)
        {
            // The whole group is undone; who was told of a failure of their own already is not told again.
            var told = SqliteTrouble.Explain(reason);
            _trouble = told is StorageUnavailableException ? told.Message : _trouble;
            group.ForEach(operation => operation.Fail(told));
            Recover();
            return;
        }

        _trouble = trouble ?? (done.Count == 0 ? _trouble : null);
        if (_emptiesLog)
        {
            _emptiesLog = !TryEmptyLog();
        }

        done.ForEach(operation => operation.Complete());
    }

    private bool TryRun(WriteOperation operation, SqliteTransaction transaction, ref string? trouble)
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
            var told = SqliteTrouble.Explain(reason);
            trouble = told is StorageUnavailableException ? told.Message : trouble;

            // Whoever is told of it may look at once.
            _trouble = trouble ?? _trouble;
            operation.Fail(told);
            Undo(transaction, told);
            return false;
        }
    }

    // Readers may be in its way: then it is tried again with the next group.
    private bool TryEmptyLog()
    {
        try
        {
            return _connection.ExecuteScalar<int>("PRAGMA wal_checkpoint(TRUNCATE)") == 0;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    private static void Undo(SqliteTransaction transaction, Exception reason)
    {
        try
        {
            transaction.Rollback(Savepoint);
            transaction.Release(Savepoint);
        }
        catch (Exception undone) when (undone is InvalidOperationException or SqliteException)
        {
            // SQLite undid everything by itself (a full disk), which fails the whole group, for the same reason.
            throw reason;
        }
    }

    // A commit that failed may leave its transaction open, in which nothing can be written any more.
    private void Recover()
    {
        try
        {
            _connection.BeginTransaction(deferred: true).Dispose();
        }
        catch (Exception)
        {
            Reopen();
        }
    }

    private void Reopen()
    {
        try
        {
            _connection.Dispose();
            _connection = _open();
            _flushes = true;
        }
        catch (Exception)
        {
            // The next group fails by itself, and it is tried again then.
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
