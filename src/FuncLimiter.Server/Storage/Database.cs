using System.Collections.Concurrent;
using Dapper;
using FuncLimiter.Gateway.Http.Endpoints;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage;

/// <summary>One data directory: one SQLite file, one writer, some readers, and no other process.</summary>
internal sealed class Database : IStorageHealth, IDisposable
{
    /// <summary>The file's name within the data directory.</summary>
    public const string FileName = "funclimiter.db";

    /// <summary>A larger file would hold the start up for seconds; about two for each gigabyte.</summary>
    private const long LargestChecked = 1L << 30;

    /// <summary>Waits for another connection that writes.</summary>
    internal const string Patience = "PRAGMA busy_timeout = 5000";

    private const string Usual = $"{Patience}; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384";
    private const string Remedy = "Restore a copy of the data directory, or give another --data to begin anew.";

    private readonly DirectoryLock _lock;
    private readonly WriteQueue _writer;
    private readonly ReaderPool _readers;
    private bool _isDisposed;

    private Database(DirectoryLock directoryLock, WriteQueue writer, ReaderPool readers) => (_lock, _writer, _readers) = (directoryLock, writer, readers);

    /// <summary>Opens a data directory, or makes it.</summary>
    /// <exception cref="StorageException">It is in use, cannot be written, or was written by a newer version.</exception>
    public static Database Open(string directory)
    {
        SQLitePCL.Batteries_V2.Init();
        var directoryLock = DirectoryLock.Take(directory);
        var path = Path.Combine(directory, FileName);
        SqliteConnection? connection = null;
        try
        {
            connection = ConnectToWrite(path);
            CheckWhole(connection, path);
            Migrations.Apply(connection);
            var readers = new ReaderPool(() => Connect(path, SqliteOpenMode.ReadOnly, Usual));
            return new Database(directoryLock, new WriteQueue(connection, () => ConnectToWrite(path), new DataFiles(path, directoryLock, readers)), readers);
        }
        catch (Exception failure)
        {
            connection?.Dispose();
            directoryLock.Dispose();
            throw failure is SqliteException ? new StorageException($"The database '{path}' cannot be opened: {failure.Message}. {Remedy}", failure) : failure;
        }
    }

    /// <inheritdoc/>
    public string? Trouble => _writer.Trouble;

    /// <summary>Commits what waits, and lets go of the directory.</summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _writer.Dispose();
            _readers.Dispose();
            _lock.Dispose();
        }
    }

    /// <summary>Makes a change together with others that wait; done means committed.</summary>
    /// <param name="work">The change: quick, and of no effect but on the database.</param>
    /// <param name="durable">Whether done shall mean that even a power cut no longer undoes it.</param>
    /// <param name="cancellationToken">Gives up waiting; the change may be made all the same.</param>
    internal Task<T> WriteAsync<T>(Func<SqliteConnection, SqliteTransaction, T> work, bool durable, CancellationToken cancellationToken = default) =>
        _writer.RunAsync(work, durable, cancellationToken);

    /// <summary>Writes what an ordinary change takes, and takes it back: done means that there is room for one.</summary>
    internal Task ProbeAsync() => _writer.RunAsync(
        static (connection, transaction) => connection.Execute(
            "INSERT OR REPLACE INTO meta (name, value) VALUES ('probe', randomblob(65536)); DELETE FROM meta WHERE name = 'probe'", transaction: transaction),
        durable: true,
        CancellationToken.None);

    /// <summary>Empties the log, in which the content of what was deleted stands until then: nothing of it is left in the data directory.</summary>
    internal Task ForgetLogAsync()
    {
        _writer.EmptyLog();
        return _writer.RunAsync(static (_, _) => 0, durable: false, CancellationToken.None);
    }

    /// <summary>Reads one consistent state.</summary>
    internal Task<T> ReadAsync<T>(Func<SqliteConnection, SqliteTransaction, T> work, CancellationToken cancellationToken = default) =>
        _readers.RunAsync(work, cancellationToken);

    // A kill damages nothing; copies cut short and bad disks do. Found at the start it is an answer, found later it is jobs that don't end.
    private static void CheckWhole(SqliteConnection connection, string path)
    {
        if (new FileInfo(path) is { Length: <= LargestChecked } && connection.ExecuteScalar<string>("PRAGMA quick_check(1)") is var found and not "ok")
        {
            throw new StorageException($"The database '{path}' is damaged: {found}. {Remedy}");
        }
    }

    private static SqliteConnection ConnectToWrite(string path) => Connect(path, SqliteOpenMode.ReadWriteCreate,
        $"{Usual}; PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 2000; PRAGMA secure_delete = ON");

    internal static SqliteConnection Connect(string path, SqliteOpenMode mode, string settings)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ToString());
        try
        {
            connection.Open();
            connection.Execute(settings);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}

/// <summary>A few connections for reading beside the writer; each read sees one consistent state.</summary>
internal sealed class ReaderPool(Func<SqliteConnection> open) : IDisposable
{
    private const int Most = 4;

    private readonly SemaphoreSlim _free = new(Most, Most);
    private readonly ConcurrentBag<SqliteConnection> _idle = [];
    private int _generation;

    public async Task<T> RunAsync<T>(Func<SqliteConnection, SqliteTransaction, T> work, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        try
        {
            // SQLite answers on the calling thread; the caller's is not to be held.
            return await Task.Run(() => Read(work), cancellationToken);
        }
        finally
        {
            _free.Release();
        }
    }

    /// <summary>From now on, reads are made on connections that are opened later.</summary>
    public void Renew()
    {
        Interlocked.Increment(ref _generation);
        Dispose();
    }

    public void Dispose()
    {
        while (_idle.TryTake(out var idle))
        {
            idle.Dispose();
        }
    }

    private T Read<T>(Func<SqliteConnection, SqliteTransaction, T> work)
    {
        SqliteConnection? connection = null;
        var generation = Volatile.Read(ref _generation);
        try
        {
            connection = _idle.TryTake(out var idle) ? idle : open();
            using var transaction = connection.BeginTransaction(deferred: true);
            var answer = work(connection, transaction);
            transaction.Commit();
            GiveBack(connection, generation);
            return answer;
        }
        catch (Exception failure)
        {
            connection?.Dispose();
            if (SqliteTrouble.Explain(failure) is var told && ReferenceEquals(told, failure))
            {
                throw;
            }

            throw told;
        }
    }

    private void GiveBack(SqliteConnection connection, int generation)
    {
        if (generation == Volatile.Read(ref _generation))
        {
            _idle.Add(connection);
        }
        else
        {
            connection.Dispose();
        }
    }
}
