using Dapper;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Idempotency;

namespace FuncLimiter.Server.Storage;

/// <summary>Keeps answers under idempotency keys in the database.</summary>
internal sealed class AnswerStore(Database database) : IIdempotencyStore
{
    /// <inheritdoc/>
    public Task<StoredAnswer?> FindAsync(string tenant, string key, DateTimeOffset now, CancellationToken cancellationToken) => database.ReadAsync(
        (connection, transaction) => connection.QuerySingleOrDefault<Row>(
            """
            SELECT fingerprint, status, headers, deployment, attempts, usage, body FROM answers
            WHERE tenant = @tenant AND key = @key AND expires_at > @now
            """,
            new { tenant, key, now = now.UtcTicks },
            transaction)?.ToAnswer(),
        cancellationToken);

    /// <inheritdoc/>
    public Task StoreAsync(string tenant, string key, StoredAnswer answer, DateTimeOffset now, DateTimeOffset expiresAt) => database.WriteAsync(
        (connection, transaction) => connection.Execute(
            """
            DELETE FROM answers WHERE tenant = @tenant AND key = @key AND expires_at <= @now;
            INSERT INTO answers (tenant, key, fingerprint, expires_at, status, headers, deployment, attempts, usage, body)
            VALUES (@tenant, @key, @fingerprint, @expiresAt, @Status, @headers, @Deployment, @Attempts, @usage, @body)
            ON CONFLICT (tenant, key) DO NOTHING;
            """,
            new
            {
                tenant,
                key,
                fingerprint = answer.Fingerprint.ToArray(),
                now = now.UtcTicks,
                expiresAt = expiresAt.UtcTicks,
                answer.Answer.Status,
                headers = Stored.Headers(answer.Answer.Headers),
                answer.Answer.Deployment,
                answer.Answer.Attempts,
                usage = Stored.Usage(answer.Answer.Usage),
                body = answer.Answer.Body.ToArray(),
            },
            transaction),
        durable: true);

    /// <inheritdoc/>
    public Task<int> SweepAsync(DateTimeOffset now, int most, CancellationToken cancellationToken) => database.WriteAsync(
        (connection, transaction) => connection.Execute(
            "DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers WHERE expires_at <= @now LIMIT @most)", new { now = now.UtcTicks, most }, transaction),
        durable: false,
        cancellationToken);

    // Filled by name from the columns.
#pragma warning disable IDE1006, CA1812, CS0649
    private sealed class Row
    {
        public byte[] fingerprint = [];
        public int status;
        public string? headers;
        public string? deployment;
        public int attempts;
        public string? usage;
        public byte[]? body;

        public StoredAnswer ToAnswer() =>
            new(fingerprint, new CallResult(status, Stored.Headers(headers), body, deployment, Stored.Usage(usage), attempts));
    }
#pragma warning restore IDE1006, CA1812, CS0649
}
