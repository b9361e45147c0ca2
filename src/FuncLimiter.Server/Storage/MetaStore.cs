using Dapper;

namespace FuncLimiter.Server.Storage;

/// <summary>A few named values: what the server must remember and no table is worth.</summary>
internal sealed class MetaStore(Database database)
{
    /// <summary>A value, or null.</summary>
    public Task<byte[]?> FindAsync(string name, CancellationToken cancellationToken) => database.ReadAsync(
        (connection, transaction) => connection.ExecuteScalar<byte[]?>("SELECT value FROM meta WHERE name = @name", new { name }, transaction), cancellationToken);

    /// <summary>Sets a value; done means that even a power cut no longer undoes it.</summary>
    public Task SetAsync(string name, byte[] value, CancellationToken cancellationToken) => database.WriteAsync(
        (connection, transaction) => connection.Execute(
            "INSERT INTO meta (name, value) VALUES (@name, @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value", new { name, value }, transaction),
        durable: true,
        cancellationToken);
}
