using Dapper;
using FuncLimiter.Core.Batching;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Jobs.Batches;

namespace FuncLimiter.Server.Storage.Jobs;

/// <summary>Keeps what goes through batch services in the database.</summary>
internal sealed class BatchStore(Database database) : IBatchStore
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<(BatchLane Lane, BatchPile Pile)>> PilesAsync(CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<(BatchLane Lane, BatchPile Pile)>>(
            (connection, transaction) =>
            [
                .. connection.Query<(string Lane, int Calls, long Bytes, long Since, long Deadline)>(
                    "SELECT batch, COUNT(*), SUM(batch_bytes), MIN(due_at), MIN(deadline) FROM items WHERE state = 7 GROUP BY batch", transaction: transaction)
                    .Select(row => (LaneOf(row.Lane), new BatchPile(row.Calls, row.Bytes, At(row.Since), At(row.Deadline)))),
            ],
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<(long Bytes, long Tokens)>> SizesAsync(BatchLane lane, int most, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<(long Bytes, long Tokens)>>(
            (connection, transaction) =>
            [
                .. connection.Query<(long, long)>(
                    "SELECT batch_bytes, batch_tokens FROM items WHERE state = 7 AND batch = @lane ORDER BY turn, rowid LIMIT @most",
                    new { lane = lane.ToString(), most },
                    transaction),
            ],
            cancellationToken);

    /// <inheritdoc/>
    public Task BeginAsync(string id, BatchLane lane, int calls, DateTimeOffset now) => database.WriteAsync(
        (connection, transaction) => connection.Execute(
            """
            UPDATE items SET state = 8, batch_id = @id, batch_place = chosen.place
            FROM (SELECT rowid AS item, ROW_NUMBER() OVER (ORDER BY turn, rowid) - 1 AS place FROM items WHERE state = 7 AND batch = @lane
              ORDER BY turn, rowid LIMIT @calls) AS chosen
            WHERE items.rowid = chosen.item;
            INSERT INTO batches (id, lane, begun_at, tokens)
            SELECT @id, @lane, @now, IFNULL(SUM(batch_tokens), 0) FROM items WHERE state = 8 AND batch_id = @id;
            """,
            new { id, lane = lane.ToString(), calls, now = now.UtcTicks },
            transaction),
        durable: true);

    /// <inheritdoc/>
    public Task<IReadOnlyList<OpenBatch>> OpenAsync(CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<OpenBatch>>(
        (connection, transaction) =>
        [
            .. connection.Query<(string Id, string Lane, string? ProviderId, long BegunAt, bool IsCancelled, long Tokens, long? Deadline)>(
                """
                SELECT id, lane, provider_id, begun_at, is_cancelled, tokens, (SELECT MIN(deadline) FROM items WHERE state = 8 AND batch_id = batches.id)
                FROM batches ORDER BY begun_at
                """,
                transaction: transaction)
                .Select(row => new OpenBatch(
                    row.Id, LaneOf(row.Lane), row.ProviderId, Stored.Time(row.BegunAt), row.IsCancelled, row.Tokens,
                    row.Deadline is { } deadline ? Stored.Time(deadline) : null)),
        ],
        cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<BatchItem>> ItemsAsync(string id, CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<BatchItem>>(
        (connection, transaction) =>
        [
            .. connection.Query<ItemColumns>(
                """
                SELECT job, idx, tenant, priority, turn, deadline, failures, path, labels, headers, body, lane, batch_place
                FROM items WHERE state = 8 AND batch_id = @id ORDER BY batch_place
                """,
                new { id },
                transaction).Select(row => new BatchItem(row.batch_place, row.ToItem())),
        ],
        cancellationToken);

    /// <inheritdoc/>
    public Task SubmittedAsync(string id, string? providerId) => database.WriteAsync(
        (connection, transaction) => connection.Execute("UPDATE batches SET provider_id = @providerId WHERE id = @id", new { id, providerId }, transaction),
        durable: true);

    /// <inheritdoc/>
    public Task CancelledAsync(string id) => database.WriteAsync(
        (connection, transaction) => connection.Execute("UPDATE batches SET is_cancelled = 1 WHERE id = @id", new { id }, transaction),
        durable: false);

    /// <inheritdoc/>
    public Task LeaveOutAsync(string id, IReadOnlyList<int> places) => database.WriteAsync(
        (connection, transaction) => connection.Execute(
            "UPDATE items SET state = 0, batch = NULL, batch_id = NULL WHERE state = 8 AND batch_id = @id AND batch_place = @place",
            places.Select(place => new { id, place }),
            transaction),
        durable: true);

    /// <inheritdoc/>
    public Task<int> CloseAsync(string id) => database.WriteAsync(
        (connection, transaction) =>
        {
            connection.Execute("DELETE FROM batches WHERE id = @id", new { id }, transaction);
            return connection.Execute(
                "UPDATE items SET state = 0, batch = NULL, batch_id = NULL WHERE state = 8 AND batch_id = @id", new { id }, transaction);
        },
        durable: true);

    /// <inheritdoc/>
    public Task<int> GiveBackAsync(BatchLane lane, DateTimeOffset? deadlineBefore) => database.WriteAsync(
        (connection, transaction) => connection.Execute(
            "UPDATE items SET state = 0, batch = NULL WHERE state = 7 AND batch = @lane AND deadline < @before",
            new { lane = lane.ToString(), before = deadlineBefore?.UtcTicks ?? long.MaxValue },
            transaction),
        durable: true);

    private static Instant At(long ticks) => Instant.From(Stored.Time(ticks));

    // Only lanes that were written are read.
    private static BatchLane LaneOf(string text) => BatchLane.Parse(text) ?? throw new StorageException($"'{text}' is no lane of batches.");
}
