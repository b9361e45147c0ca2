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

/// <summary>Chooses the calls of one class to be taken next: in the order of their turns, passing by lanes that hold their share already.</summary>
internal sealed class JobChoosing(SqliteConnection connection, SqliteTransaction transaction, JobSlots slots, Priority priority, int takenBefore)
{
    /// <returns>Rows of items.</returns>
    public IReadOnlyList<long> Choose()
    {
        var most = slots.Most(priority, takenBefore);
        var chosen = new List<long>();
        if (most == 0)
        {
            return chosen;
        }

        var open = Lanes().Select(lane => (lane, Waiting(lane, most))).ToList();
        try
        {
            Merge(open, most, chosen);
        }
        finally
        {
            open.ForEach(lane => lane.Item2.Dispose());
        }

        return chosen;
    }

    // The heads of all lanes by their turns; a lane that has given its share drops out.
    private void Merge(IReadOnlyList<(JobLane Lane, IEnumerator<(long Row, long Turn)> Waiting)> open, int most, List<long> chosen)
    {
        var heads = new PriorityQueue<(JobLane Lane, IEnumerator<(long Row, long Turn)> Waiting, int Taken), long>();
        foreach (var (lane, waiting) in open)
        {
            Push(heads, lane, waiting, 0);
        }

        while (chosen.Count < most && heads.TryDequeue(out var head, out _))
        {
            if (slots.HasRoom(head.Lane, head.Taken, takenBefore + chosen.Count))
            {
                chosen.Add(head.Waiting.Current.Row);
                Push(heads, head.Lane, head.Waiting, head.Taken + 1);
            }
        }
    }

    private static void Push(
        PriorityQueue<(JobLane, IEnumerator<(long, long)>, int), long> heads, in JobLane lane, IEnumerator<(long Row, long Turn)> rest, int taken)
    {
        if (rest.MoveNext())
        {
            heads.Enqueue((lane, rest, taken), rest.Current.Turn);
        }
    }

    // From one lane straight to the next, however many calls each has: the index is skipped through.
    private IEnumerable<JobLane> Lanes() => connection.Query<string>(
        """
        WITH RECURSIVE lanes (lane) AS (
          SELECT MIN(lane) FROM items WHERE state = 0 AND priority = @priority
          UNION ALL
          SELECT (SELECT MIN(lane) FROM items WHERE state = 0 AND priority = @priority AND lane > lanes.lane) FROM lanes WHERE lane IS NOT NULL)
        SELECT lane FROM lanes WHERE lane IS NOT NULL
        """,
        new { priority = (int)priority },
        transaction)
        .Select(text => new JobLane(priority, Stored.Lane(text).Tenant, Stored.Lane(text).Name))
        .Where(lane => slots.HasRoom(lane, 0, 0));

    // Read as far as it is needed, and no further.
    private IEnumerator<(long Row, long Turn)> Waiting(in JobLane lane, int most) => connection.Query<(long, long)>(
        "SELECT rowid, turn FROM items WHERE state = 0 AND priority = @priority AND lane = @lane ORDER BY turn LIMIT @most",
        new { priority = (int)lane.Priority, lane = Stored.Lane(lane.Tenant, lane.Name), most },
        transaction,
        buffered: false).GetEnumerator();
}

/// <summary>A call as its columns. Filled by name.</summary>
#pragma warning disable IDE1006, CA1812, CS0649
internal sealed class ItemColumns
{
    public string job = "";
    public int idx;
    public string tenant = "";
    public int priority;
    public long turn;
    public long deadline;
    public int failures;
    public string path = "";
    public string? labels;
    public string? headers;
    public byte[]? body;
    public string lane = "";
    public int batch_place;

    public JobItem ToItem()
    {
        var names = Stored.Labels(labels);
        var call = new JobCall(path, body, (Priority)priority)
        {
            User = names[0],
            Workflow = names[1],
            Step = names[2],
            Run = names[3],
            Tier = Stored.Tier(names[4]),
            Headers = Stored.Headers(headers),
            Lane = Stored.Lane(lane).Name,
        };
        return new JobItem(new JobItemKey(job, idx), tenant, call, Stored.Time(deadline), failures);
    }
}
#pragma warning restore IDE1006, CA1812, CS0649
