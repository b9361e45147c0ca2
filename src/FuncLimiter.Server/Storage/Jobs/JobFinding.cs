using Dapper;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Jobs.Webhooks;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage.Jobs;

/// <summary>Reads a job as it stands.</summary>
internal readonly struct JobFinding(SqliteConnection connection, SqliteTransaction transaction)
{
    /// <summary>Beyond so many the exact number ahead is of no use, and costs.</summary>
    private const int MostCounted = 100_000;

    public JobSnapshot? Find(string tenant, string id, JobPage page)
    {
        var row = connection.QuerySingleOrDefault<Row>(
            """
            SELECT is_list, accepted_at, ended_at, total, running, succeeded, failed, cancelled, expired
            FROM jobs WHERE id = @id AND tenant = @tenant
            """,
            new { id, tenant },
            transaction);
        if (row is null)
        {
            return null;
        }

        var progress = new JobProgress(row.total, row.running, row.succeeded, row.failed, row.cancelled, row.expired);
        return new JobSnapshot(
            id, tenant, row.is_list, Stored.Time(row.accepted_at), row.ended_at is { } at ? Stored.Time(at) : null, progress, Items(id, page))
        {
            Place = progress.Waiting > 0 ? Place(tenant, id) : null,
            Delivery = connection.Query<(int State, int Attempts, string? Error)>(
                    "SELECT state, attempts, error FROM deliveries WHERE job = @id", new { id }, transaction)
                .Select(delivery => new DeliveryReport((DeliveryState)delivery.State, delivery.Attempts, delivery.Error)).FirstOrDefault(),
        };
    }

    private List<JobItemSnapshot> Items(string id, JobPage page)
    {
        var items = new List<JobItemSnapshot>();
        var bytes = 0L;
        var rows = connection.Query<ItemRow>(
            """
            SELECT i.idx, i.state, r.ended_at, r.status, r.headers, r.deployment, r.attempts, r.usage, r.body
            FROM items i LEFT JOIN results r ON r.job = i.job AND r.idx = i.idx
            WHERE i.job = @id AND i.idx >= @From ORDER BY i.idx LIMIT @MostItems
            """,
            new { id, page.From, page.MostItems },
            transaction,
            buffered: false);
        foreach (var row in rows)
        {
            bytes += row.body?.Length ?? 0;
            if (items.Count > 0 && bytes > page.MostBytes)
            {
                break;
            }

            items.Add(row.ToSnapshot());
        }

        return items;
    }

    private JobPlace? Place(string tenant, string id)
    {
        var next = Waiting(id, "priority, turn");
        var last = Waiting(id, "priority DESC, turn DESC");
        return next is null || last is null
            ? null
            : new JobPlace(Ahead(next), Ahead(last), next.state == ItemState.Postponed ? Stored.Time(next.due_at) : null)
            {
                OwnAheadOfNext = OwnAhead(tenant, next),
                OwnAheadOfLast = OwnAhead(tenant, last),
            };
    }

    private PlaceRow? Waiting(string id, string order) => connection.QueryFirstOrDefault<PlaceRow>(
        $"SELECT priority, turn, state, due_at FROM items WHERE job = @id AND state IN (0, 6) ORDER BY {order} LIMIT 1", new { id }, transaction);

    private int Ahead(PlaceRow place) => connection.ExecuteScalar<int>(
        "SELECT COUNT(*) FROM (SELECT 1 FROM items WHERE state = 0 AND (priority, turn) < (@priority, @turn) LIMIT @most)",
        new { place.priority, place.turn, most = MostCounted },
        transaction);

    private int OwnAhead(string tenant, PlaceRow place) => connection.ExecuteScalar<int>(
        "SELECT COUNT(*) FROM (SELECT 1 FROM items WHERE tenant = @tenant AND state IN (0, 6) AND (priority, turn) < (@priority, @turn) LIMIT @most)",
        new { tenant, place.priority, place.turn, most = MostCounted },
        transaction);

    // Filled by name from the columns.
#pragma warning disable IDE1006, CA1812, CS0649
    private sealed class Row
    {
        public bool is_list;
        public long accepted_at;
        public long? ended_at;
        public int total;
        public int running;
        public int succeeded;
        public int failed;
        public int cancelled;
        public int expired;
    }

    private sealed class PlaceRow
    {
        public int priority;
        public long turn;
        public int state;
        public long due_at;
    }

    private sealed class ItemRow
    {
        public int idx;
        public int state;
        public long? ended_at;
        public int status;
        public string? headers;
        public string? deployment;
        public int attempts;
        public string? usage;
        public byte[]? body;

        public JobItemSnapshot ToSnapshot() => new(idx, ItemState.Of(state), ended_at is { } at
            ? new JobItemResult((JobItemState)state, Stored.Time(at), status)
            {
                Headers = Stored.Headers(headers),
                Body = body,
                Deployment = deployment,
                Usage = Stored.Usage(usage),
                Attempts = attempts,
            }
            : null);
    }
#pragma warning restore IDE1006, CA1812, CS0649
}
