using Dapper;
using FuncLimiter.Gateway.Jobs.Webhooks;

namespace FuncLimiter.Server.Storage.Jobs;

/// <summary>Keeps deliveries in the database, beside the jobs that they belong to.</summary>
internal sealed class DeliveryStore(Database database) : IDeliveryStore
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<Delivery>> TakeDueAsync(DateTimeOffset now, DateTimeOffset until, int most, CancellationToken cancellationToken) =>
        database.WriteAsync<IReadOnlyList<Delivery>>(
            (connection, transaction) =>
            [
                .. connection.Query<(string Job, string Tenant, string Address, int Attempts)>(
                    """
                    UPDATE deliveries SET due_at = @until, attempts = attempts + 1 WHERE job IN
                      (SELECT job FROM deliveries WHERE state = 0 AND due_at IS NOT NULL AND due_at <= @now ORDER BY due_at LIMIT @most)
                    RETURNING job, tenant, address, attempts
                    """,
                    new { now = now.UtcTicks, until = until.UtcTicks, most },
                    transaction).Select(row => new Delivery(row.Job, row.Tenant, row.Address, row.Attempts)),
            ],
            durable: false,
            cancellationToken);

    /// <inheritdoc/>
    public Task<DateTimeOffset?> NextDueAsync(CancellationToken cancellationToken) => database.ReadAsync(
        (connection, transaction) => connection.ExecuteScalar<long?>(
            "SELECT MIN(due_at) FROM deliveries WHERE state = 0 AND due_at IS NOT NULL", transaction: transaction) is { } ticks
            ? Stored.Time(ticks)
            : (DateTimeOffset?)null,
        cancellationToken);

    /// <inheritdoc/>
    public Task RecordAsync(string job, DeliveryState state, DateTimeOffset dueAt, string? error) => database.WriteAsync(
        (connection, transaction) => connection.Execute(
            "UPDATE deliveries SET state = @state, due_at = @dueAt, error = @error WHERE job = @job",
            new { job, state = (int)state, dueAt = dueAt.UtcTicks, error },
            transaction),
        durable: false);
}
