using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage;

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
