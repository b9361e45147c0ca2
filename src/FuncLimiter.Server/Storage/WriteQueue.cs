using System.Threading.Channels;
using Dapper;
using FuncLimiter.Gateway.Calls.Errors;
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
    private readonly DataFiles _files;
    private readonly Thread _thread;
    private readonly Channel<WriteOperation> _waiting = Channel.CreateBounded<WriteOperation>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    private SqliteConnection _connection;
    private bool _flushes = true;
    private volatile string? _trouble;
    private volatile bool _emptiesLog;

    /// <summary>Takes over the connection, which must not be used by others from now on.</summary>
    /// <param name="open">Opens another one like it, where this one is of no use any more.</param>
    /// <param name="files">What has to stand where it was put.</param>
    public WriteQueue(SqliteConnection connection, Func<SqliteConnection> open, DataFiles files)
    {
        (_connection, _open, _files) = (connection, open, files);
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
            if (_files.Keep(_connection))
            {
                Reopen();
            }

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

/// <summary>One change to be made within a group of changes.</summary>
internal abstract class WriteOperation(bool durable)
{
    /// <summary>True where done means that even a power cut no longer undoes it.</summary>
    public bool Durable { get; } = durable;

    /// <summary>Makes the change; may throw, which undoes this one only.</summary>
    public abstract void Run(SqliteConnection connection, SqliteTransaction transaction);

    /// <summary>Tells its caller that it is committed.</summary>
    public abstract void Complete();

    /// <summary>Tells its caller that it did not happen.</summary>
    public abstract void Fail(Exception reason);
}

/// <summary>One change, with what it answers.</summary>
internal sealed class WriteOperation<T>(Func<SqliteConnection, SqliteTransaction, T> work, bool durable) : WriteOperation(durable)
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _answer;

    public Task<T> Done => _done.Task;

    public override void Run(SqliteConnection connection, SqliteTransaction transaction) => _answer = work(connection, transaction);

    public override void Complete() => _done.TrySetResult(_answer!);

    public override void Fail(Exception reason) => _done.TrySetException(reason);
}

/// <summary>Tells errors of the disk and the system, which may pass, from errors of what was asked.</summary>
internal static class SqliteTrouble
{
    private const int Busy = 5;
    private const int Locked = 6;
    private const int NoMemory = 7;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Full = 13;
    private const int CannotOpen = 14;

    /// <summary>The failure, in the words of whoever has to do with it where it may pass.</summary>
    public static Exception Explain(Exception failure) => failure is SqliteException sqlite && Reason(sqlite.SqliteErrorCode) is { } reason
        ? new StorageUnavailableException(reason, failure)
        : failure;

    private static string? Reason(int code) => code switch
    {
        Full => "the disk of the data directory is full",
        InputOutput => "the disk of the data directory can't be read or written",
        ReadOnly => "the data directory can't be written",
        CannotOpen => "a file of the data directory can't be opened",
        Busy or Locked => "the database is locked by another process",
        NoMemory => "there is no memory left",
        _ => null,
    };
}

/// <summary>The data directory cannot be used; the message says why and what to do.</summary>
internal sealed class StorageException : Exception
{
    /// <summary>With a message for the operator.</summary>
    public StorageException(string message)
        : base(message)
    {
    }

    /// <summary>With a message for the operator, and what was met.</summary>
    public StorageException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
