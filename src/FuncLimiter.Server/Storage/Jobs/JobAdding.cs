using Dapper;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Jobs;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage.Jobs;

/// <summary>Stores a job, and gives each of its calls a turn.</summary>
/// <remarks>
/// Turns are start tags of start-time fair queueing: a lane's next call has its turn 1/weight after its last one, but not before the class's
/// present turn, so that who was idle neither gains nor loses, and taking calls by their turn serves tenants by their weights.
/// </remarks>
internal readonly struct JobAdding(SqliteConnection connection, SqliteTransaction transaction)
{
    /// <summary>The distance of two turns at weight 1. Whole numbers add up without error, whatever the order.</summary>
    private const double Stride = 1_000_000;

    /// <summary>At this distance, billions of calls fit into the range of turns.</summary>
    private const double LongestStride = 1_000_000_000;

    public JobAddition Add(NewJob job, int mostWaiting)
    {
        if (job.IdempotencyKey is { } key && Find(job.Tenant, key) is { } known)
        {
            return known.Fingerprint.AsSpan().SequenceEqual(job.Fingerprint.Span)
                ? new JobAddition(JobAdditionKind.Known, known.Id)
                : new JobAddition(JobAdditionKind.Different, null);
        }

        if (connection.ExecuteScalar<long>("SELECT value FROM counters WHERE name = 'open'", transaction: transaction) + job.Items.Count > mostWaiting)
        {
            return new JobAddition(JobAdditionKind.Full, null);
        }

        connection.Execute(
            """
            INSERT INTO jobs (id, tenant, is_list, accepted_at, total, idempotency_key, fingerprint)
            VALUES (@Id, @Tenant, @IsList, @acceptedAt, @total, @IdempotencyKey, @fingerprint);
            UPDATE counters SET value = value + @total WHERE name = 'open';
            """,
            new
            {
                job.Id,
                job.Tenant,
                job.IsList,
                acceptedAt = job.AcceptedAt.UtcTicks,
                total = job.Items.Count,
                job.IdempotencyKey,
                fingerprint = job.Fingerprint.ToArray(),
            },
            transaction);
        if (job.Webhook is { } address)
        {
            connection.Execute("INSERT INTO deliveries (job, tenant, address) VALUES (@Id, @Tenant, @address)", new { job.Id, job.Tenant, address }, transaction);
        }

        AddItems(job);
        return new JobAddition(JobAdditionKind.Added, job.Id);
    }

    private (string Id, byte[] Fingerprint)? Find(string tenant, string key)
    {
        var found = connection.Query<(string, byte[])>(
            "SELECT id, fingerprint FROM jobs WHERE tenant = @tenant AND idempotency_key = @key", new { tenant, key }, transaction);
        return found.Select(row => ((string, byte[])?)row).FirstOrDefault();
    }

    private void AddItems(NewJob job)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText =
            """
            INSERT INTO items (job, idx, tenant, priority, state, turn, due_at, deadline, path, labels, headers, body, lane, batch, batch_bytes, batch_tokens)
            VALUES (@job, @idx, @tenant, @priority, CASE WHEN @batch IS NULL THEN 0 ELSE 7 END, @turn, @now, @deadline, @path, @labels, @headers, @body, @lane,
              @batch, LENGTH(@body), @tokens)
            """;
        command.Parameters.AddWithValue("@job", job.Id);
        command.Parameters.AddWithValue("@tenant", job.Tenant);
        var (idx, priority, turn, deadline) = (Add(command, "@idx"), Add(command, "@priority"), Add(command, "@turn"), Add(command, "@deadline"));
        var (path, labels, headers, body) = (Add(command, "@path"), Add(command, "@labels"), Add(command, "@headers"), Add(command, "@body"));
        command.Parameters.AddWithValue("@now", job.AcceptedAt.UtcTicks);
        var (lane, batch, tokens) = (Add(command, "@lane"), Add(command, "@batch"), Add(command, "@tokens"));
        var turns = new Dictionary<(Priority, string Lane), long>();
        var stride = StrideOf(job.Weight);
        for (var index = 0; index < job.Items.Count; index++)
        {
            var (call, ends) = job.Items[index];
            var name = (call.Priority, Lane: Stored.Lane(job.Tenant, call.Lane));
            turns[name] = turns.TryGetValue(name, out var last) ? last + stride : FirstTurn(job, call.Priority, name.Lane);
            (idx.Value, priority.Value, turn.Value, deadline.Value) = (index, (int)call.Priority, turns[name], ends.UtcTicks);
            lane.Value = name.Lane;
            (path.Value, labels.Value) = (call.Path, (object?)Stored.Labels(call) ?? DBNull.Value);
            (headers.Value, body.Value) = ((object?)Stored.Headers(call.Headers) ?? DBNull.Value, call.Body.ToArray());
            (batch.Value, tokens.Value) = ((object?)call.Batch?.ToString() ?? DBNull.Value, call.BatchTokens);
            command.ExecuteNonQuery();
        }
    }

    private long FirstTurn(NewJob job, Priority priority, string lane)
    {
        var last = connection.ExecuteScalar<long?>(
            "SELECT MAX(turn) FROM items WHERE lane = @lane AND priority = @priority AND state IN (0, 6)", new { lane, priority = (int)priority }, transaction);
        var present = connection.ExecuteScalar<long>("SELECT value FROM counters WHERE name = @name", new { name = $"turn:{(int)priority}" }, transaction);
        return Math.Max(present, last + StrideOf(job.Weight) ?? 0);
    }

    private static long StrideOf(double weight) => (long)Math.Clamp(Stride / weight, 1, LongestStride);

    private static SqliteParameter Add(SqliteCommand command, string name)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        command.Parameters.Add(parameter);
        return parameter;
    }
}
