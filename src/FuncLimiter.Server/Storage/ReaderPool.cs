using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage;

/// <summary>A few connections for reading beside the writer; each read sees one consistent state.</summary>
internal sealed class ReaderPool(Func<SqliteConnection> open) : IDisposable
{
    private const int Most = 4;

    private readonly SemaphoreSlim _free = new(Most, Most);
    private readonly ConcurrentBag<SqliteConnection> _idle = [];

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

    public void Dispose()
    {
        while (_idle.TryTake(out var connection))
        {
            connection.Dispose();
        }
    }

    private T Read<T>(Func<SqliteConnection, SqliteTransaction, T> work)
    {
        SqliteConnection? connection = null;
        try
        {
            connection = _idle.TryTake(out var idle) ? idle : open();
            using var transaction = connection.BeginTransaction(deferred: true);
            var answer = work(connection, transaction);
            transaction.Commit();
            _idle.Add(connection);
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
}
