using Dapper;
using FuncLimiter.Gateway.Jobs;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage.Jobs;

/// <summary>Ends calls, each once, and with the last of them their job.</summary>
internal readonly struct JobEnding(SqliteConnection connection, SqliteTransaction transaction)
{
    /// <summary>How many calls are forgotten at once, whatever number of jobs they belong to.</summary>
    private const int MostSweptItems = 5000;

    public bool End(JobItemKey item, JobItemResult result)
    {
        var state = connection.ExecuteScalar<int?>("SELECT state FROM items WHERE job = @Job AND idx = @Index", new { item.Job, item.Index }, transaction);
        if (state is not { } before || ItemState.IsFinal(before))
        {
            return false;
        }

        // What was asked is not needed any more; what was answered is.
        connection.Execute(
            """
            UPDATE items SET state = @state, body = NULL, headers = NULL WHERE job = @Job AND idx = @Index;
            INSERT INTO results (job, idx, ended_at, status, headers, deployment, attempts, usage, body)
            VALUES (@Job, @Index, @endedAt, @Status, @headers, @Deployment, @Attempts, @usage, @body);
            """,
            new
            {
                item.Job,
                item.Index,
                state = (int)result.State,
                endedAt = result.EndedAt.UtcTicks,
                result.Status,
                headers = Stored.Headers(result.Headers),
                result.Deployment,
                result.Attempts,
                usage = Stored.Usage(result.Usage),
                body = result.Body.ToArray(),
            },
            transaction);
        Count(item.Job, result.State, 1, before == ItemState.Running ? 1 : 0, result.EndedAt);
        return true;
    }

    public bool Cancel(string tenant, string id, DateTimeOffset now)
    {
        if (connection.ExecuteScalar<int>("SELECT COUNT(*) FROM jobs WHERE id = @id AND tenant = @tenant", new { id, tenant }, transaction) == 0)
        {
            return false;
        }

        var running = connection.ExecuteScalar<int>("SELECT COUNT(*) FROM items WHERE job = @id AND state = 1", new { id }, transaction);
        var cancelled = connection.Execute(
            "INSERT INTO results (job, idx, ended_at) SELECT job, idx, @now FROM items WHERE job = @id AND state IN (0, 1, 6, 7, 8)",
            new { id, now = now.UtcTicks },
            transaction);
        if (cancelled > 0)
        {
            connection.Execute(
                "UPDATE items SET state = @state, body = NULL, headers = NULL WHERE job = @id AND state IN (0, 1, 6, 7, 8)", new { id, state = ItemState.Cancelled }, transaction);
            Count(id, JobItemState.Cancelled, cancelled, running, now);
        }

        return true;
    }

    public int Sweep(DateTimeOffset endedBefore, int most)
    {
        var old = connection.Query<(string Id, int Total)>(
            """
            SELECT id, total FROM jobs WHERE ended_at < @before AND ended_at IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM deliveries WHERE job = id AND state = 0)
            ORDER BY ended_at LIMIT @most
            """,
            new { before = endedBefore.UtcTicks, most },
            transaction).ToList();
        var (swept, items) = (0, 0);
        foreach (var (id, total) in old)
        {
            if (swept > 0 && items + total > MostSweptItems)
            {
                break;
            }

            connection.Execute(
                "DELETE FROM results WHERE job = @id; DELETE FROM items WHERE job = @id; DELETE FROM deliveries WHERE job = @id; DELETE FROM jobs WHERE id = @id",
                new { id },
                transaction);
            (swept, items) = (swept + 1, items + total);
        }

        return swept;
    }

    private void Count(string job, JobItemState state, int ended, int wereRunning, DateTimeOffset at)
    {
        var column = state switch
        {
            JobItemState.Succeeded => "succeeded",
            JobItemState.Failed => "failed",
            JobItemState.Cancelled => "cancelled",
            JobItemState.Expired => "expired",
            _ => throw new ArgumentOutOfRangeException(nameof(state), state, "A call ends in a final state."),
        };
        connection.Execute(
            $"""
            UPDATE jobs SET {column} = {column} + @ended, running = running - @wereRunning WHERE id = @job;
            UPDATE counters SET value = value - @ended WHERE name = 'open';
            """,
            new { job, ended, wereRunning },
            transaction);
        var isOver = connection.Execute(
            "UPDATE jobs SET ended_at = @at WHERE id = @job AND ended_at IS NULL AND succeeded + failed + cancelled + expired = total",
            new { job, at = at.UtcTicks },
            transaction) == 1;
        if (isOver)
        {
            connection.Execute("UPDATE deliveries SET due_at = @at WHERE job = @job", new { job, at = at.UtcTicks }, transaction);
        }
    }
}
