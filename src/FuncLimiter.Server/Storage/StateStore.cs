using Dapper;
using FuncLimiter.Gateway.Calls.State;

namespace FuncLimiter.Server.Storage;

/// <summary>Keeps in the database which account holds what it made for its callers.</summary>
internal sealed class StateStore(Database database) : IStateStore
{
    /// <summary>Longer than what providers keep without end is asked for again; responses they keep 30 days.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(400);

    private const int SweepEvery = 1000;
    private const int MostSwept = 10_000;

    private int _written;

    /// <inheritdoc/>
    public Task<IReadOnlyList<StateOwner>> FindAsync(string id, CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<StateOwner>>(
        (connection, transaction) =>
        [
            .. connection.Query<(string Account, string Tenant)>(
                    "SELECT account, tenant FROM state_owners WHERE id = @id ORDER BY at", new { id }, transaction)
                .Select(row => new StateOwner(row.Account, row.Tenant)),
        ],
        cancellationToken);

    /// <inheritdoc/>
    public Task KeepAsync(string id, StateOwner owner, DateTimeOffset now)
    {
        var sweeps = Interlocked.Increment(ref _written) % SweepEvery == 1;
        return database.WriteAsync(
            (connection, transaction) =>
            {
                if (sweeps)
                {
                    connection.Execute(
                        "DELETE FROM state_owners WHERE (id, account) IN (SELECT id, account FROM state_owners WHERE at < @before LIMIT @most)",
                        new { before = (now - Kept).UtcTicks, most = MostSwept },
                        transaction);
                }

                return connection.Execute(
                    """
                    INSERT INTO state_owners (id, account, tenant, at) VALUES (@id, @Account, @Tenant, @at)
                    ON CONFLICT (id, account) DO UPDATE SET tenant = excluded.tenant, at = excluded.at
                    """,
                    new { id, owner.Account, owner.Tenant, at = now.UtcTicks },
                    transaction);
            },
            durable: false);
    }
}

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
