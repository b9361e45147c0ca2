using Dapper;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Jobs;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage.Jobs;

/// <summary>Takes calls out to be run, and puts them back.</summary>
internal readonly struct JobTakingOut(SqliteConnection connection, SqliteTransaction transaction)
{
    /// <summary>How many calls end at once because their deadline has passed; the rest end the next time.</summary>
    private const int MostExpired = 1000;

    public JobTaking Take(JobSlots slots, DateTimeOffset now)
    {
        var expired = Expire(now);
        connection.Execute("UPDATE items SET state = 0 WHERE state = 6 AND due_at <= @now", new { now = now.UtcTicks }, transaction);
        var items = new List<JobItem>();
        foreach (var priority in Enum.GetValues<Priority>())
        {
            items.AddRange(Take(new JobChoosing(connection, transaction, slots, priority, items.Count).Choose(), priority));
        }

        foreach (var job in items.GroupBy(item => item.Key.Job))
        {
            connection.Execute("UPDATE jobs SET running = running + @count WHERE id = @id", new { count = job.Count(), id = job.Key }, transaction);
        }

        return new JobTaking(items, expired == MostExpired ? now : NextDue(), expired);
    }

    public int Requeue()
    {
        connection.Execute("UPDATE jobs SET running = 0 WHERE running > 0", transaction: transaction);
        return connection.Execute("UPDATE items SET state = 0 WHERE state = 1", transaction: transaction);
    }

    public bool Postpone(JobItemKey item, DateTimeOffset notBefore, int failures)
    {
        var postponed = connection.Execute(
            "UPDATE items SET state = 6, due_at = @dueAt, failures = @failures WHERE job = @Job AND idx = @Index AND state = 1",
            new { item.Job, item.Index, dueAt = notBefore.UtcTicks, failures },
            transaction) == 1;
        if (postponed)
        {
            connection.Execute("UPDATE jobs SET running = running - 1 WHERE id = @Job", new { item.Job }, transaction);
        }

        return postponed;
    }

    private IEnumerable<JobItem> Take(IReadOnlyList<long> chosen, Priority priority)
    {
        if (chosen.Count == 0)
        {
            return [];
        }

        var rows = connection.Query<ItemColumns>(
            """
            UPDATE items SET state = 1 WHERE rowid IN (SELECT value FROM json_each(@chosen))
            RETURNING job, idx, tenant, priority, turn, deadline, failures, path, labels, headers, body, lane
            """,
            new { chosen = $"[{string.Join(',', chosen)}]" },
            transaction).OrderBy(row => row.turn).ToList();
        if (rows is [.., var last])
        {
            connection.Execute(
                "UPDATE counters SET value = MAX(value, @turn) WHERE name = @name", new { last.turn, name = $"turn:{(int)priority}" }, transaction);
        }

        return rows.Select(row => row.ToItem());
    }

    private int Expire(DateTimeOffset now)
    {
        var late = connection.Query<(string, int)>(
            "SELECT job, idx FROM items WHERE state IN (0, 6) AND deadline <= @now LIMIT @most", new { now = now.UtcTicks, most = MostExpired }, transaction).ToList();
        var ending = new JobEnding(connection, transaction);
        foreach (var (job, index) in late)
        {
            ending.End(new JobItemKey(job, index), new JobItemResult(JobItemState.Expired, now, 0));
        }

        return late.Count;
    }

    private DateTimeOffset? NextDue()
    {
        var (due, deadline) = connection.QuerySingle<(long?, long?)>(
            """
            SELECT (SELECT MIN(due_at) FROM items WHERE state = 6), (SELECT MIN(deadline) FROM items WHERE state IN (0, 6))
            """,
            transaction: transaction);
        return (due, deadline) switch
        {
            (null, null) => null,
            _ => Stored.Time(Math.Min(due ?? long.MaxValue, deadline ?? long.MaxValue)),
        };
    }
}
