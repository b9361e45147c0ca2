using Dapper;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Jobs;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage.Jobs;

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
