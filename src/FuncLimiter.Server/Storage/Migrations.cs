using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage;

/// <summary>Brings the database to the form that this version writes. A step once released is never changed.</summary>
internal static class Migrations
{
    private static readonly string[] Steps = [Step1.Sql, Step2.Sql, Step3.Sql, Step4.Sql, Step5.Sql, Step6.Sql, Step7.Sql];

    public static int Newest => Steps.Length;

    /// <exception cref="StorageException">A newer version wrote it.</exception>
    public static void Apply(SqliteConnection connection) => Apply(connection, Newest);

    /// <summary>The same, up to an earlier form.</summary>
    internal static void Apply(SqliteConnection connection, int form)
    {
        var version = connection.ExecuteScalar<int>("PRAGMA user_version");
        if (version > Newest)
        {
            throw new StorageException(
                $"The database is of form {version}, written by a newer FuncLimiter; this one knows form {Newest}. Use the newer one, or another --data.");
        }

        for (; version < form; version++)
        {
            using var transaction = connection.BeginTransaction();
            connection.Execute(Steps[version], transaction: transaction);
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {version + 1}"), transaction: transaction);
            transaction.Commit();
        }
    }
}

/// <summary>The first form. Times are UTC ticks of 100 nanoseconds; states of items are those of <see cref="Jobs.ItemState"/>.</summary>
internal static class Step1
{
    public const string Sql = """
        CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

        CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO counters VALUES ('open', 0), ('turn:0', 0), ('turn:1', 0), ('turn:2', 0);

        CREATE TABLE budgets (name TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;

        CREATE TABLE jobs (
          id TEXT PRIMARY KEY,
          tenant TEXT NOT NULL,
          is_list INTEGER NOT NULL,
          accepted_at INTEGER NOT NULL,
          ended_at INTEGER,
          total INTEGER NOT NULL,
          running INTEGER NOT NULL DEFAULT 0,
          succeeded INTEGER NOT NULL DEFAULT 0,
          failed INTEGER NOT NULL DEFAULT 0,
          cancelled INTEGER NOT NULL DEFAULT 0,
          expired INTEGER NOT NULL DEFAULT 0,
          idempotency_key TEXT,
          fingerprint BLOB NOT NULL) WITHOUT ROWID;
        CREATE UNIQUE INDEX jobs_by_key ON jobs (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
        CREATE INDEX jobs_by_end ON jobs (ended_at) WHERE ended_at IS NOT NULL;

        CREATE TABLE items (
          job TEXT NOT NULL,
          idx INTEGER NOT NULL,
          tenant TEXT NOT NULL,
          priority INTEGER NOT NULL,
          state INTEGER NOT NULL,
          turn INTEGER NOT NULL,
          due_at INTEGER NOT NULL DEFAULT 0,
          deadline INTEGER NOT NULL,
          failures INTEGER NOT NULL DEFAULT 0,
          path TEXT NOT NULL,
          labels TEXT,
          headers TEXT,
          body BLOB,
          PRIMARY KEY (job, idx));
        CREATE INDEX items_ready ON items (priority, turn) WHERE state = 0;
        CREATE INDEX items_of_tenant ON items (tenant, priority, turn) WHERE state IN (0, 6);
        CREATE INDEX items_of_job ON items (job, priority, turn) WHERE state IN (0, 6);
        CREATE INDEX items_postponed ON items (due_at) WHERE state = 6;
        CREATE INDEX items_by_deadline ON items (deadline) WHERE state IN (0, 6);
        CREATE INDEX items_running ON items (job) WHERE state = 1;

        CREATE TABLE results (
          job TEXT NOT NULL,
          idx INTEGER NOT NULL,
          ended_at INTEGER NOT NULL,
          status INTEGER NOT NULL DEFAULT 0,
          headers TEXT,
          deployment TEXT,
          attempts INTEGER NOT NULL DEFAULT 0,
          usage TEXT,
          body BLOB,
          PRIMARY KEY (job, idx));

        CREATE TABLE deliveries (
          job TEXT PRIMARY KEY,
          tenant TEXT NOT NULL,
          address TEXT NOT NULL,
          state INTEGER NOT NULL DEFAULT 0,
          attempts INTEGER NOT NULL DEFAULT 0,
          due_at INTEGER,
          error TEXT) WITHOUT ROWID;
        CREATE INDEX deliveries_due ON deliveries (due_at) WHERE state = 0 AND due_at IS NOT NULL;

        CREATE TABLE answers (
          tenant TEXT NOT NULL,
          key TEXT NOT NULL,
          fingerprint BLOB NOT NULL,
          expires_at INTEGER NOT NULL,
          status INTEGER NOT NULL,
          headers TEXT,
          deployment TEXT,
          attempts INTEGER NOT NULL,
          usage TEXT,
          body BLOB,
          PRIMARY KEY (tenant, key));
        CREATE INDEX answers_by_expiry ON answers (expires_at);

        CREATE TABLE usage (
          at INTEGER NOT NULL,
          tenant TEXT NOT NULL,
          user TEXT,
          workflow TEXT,
          step TEXT,
          run TEXT,
          priority INTEGER NOT NULL,
          route TEXT NOT NULL,
          operation INTEGER NOT NULL,
          deployment TEXT,
          status INTEGER NOT NULL,
          input_tokens INTEGER,
          cached_tokens INTEGER,
          output_tokens INTEGER,
          cost_nano_usd INTEGER,
          waited_ms INTEGER NOT NULL,
          duration_ms INTEGER NOT NULL,
          attempts INTEGER NOT NULL);
        CREATE INDEX usage_by_time ON usage (at, tenant);
        """;
}

/// <summary>The second form: calls of jobs stand in lanes (the tenant, a line feed, and the lane's name), so that one that is stuck is passed by.</summary>
internal static class Step2
{
    public const string Sql = """
        ALTER TABLE items ADD COLUMN lane TEXT NOT NULL DEFAULT '';
        UPDATE items SET lane = tenant || char(10);
        CREATE INDEX items_of_lane ON items (priority, lane, turn) WHERE state = 0;
        DROP INDEX items_of_tenant;
        CREATE INDEX items_by_lane ON items (lane, priority, turn) WHERE state IN (0, 6);
        """;
}

/// <summary>
/// The third form: usage is summed up by hour (grain 0) and day (grain 1). Money is counted in trillionths of a dollar. What was there call by
/// call is summed up; its keys need only differ from each other.
/// </summary>
internal static class Step3
{
    public const string Sql = """
        CREATE TABLE usage_sums (
          grain INTEGER NOT NULL,
          tenant TEXT NOT NULL,
          at INTEGER NOT NULL,
          key BLOB NOT NULL,
          user TEXT NOT NULL,
          workflow TEXT NOT NULL,
          step TEXT NOT NULL,
          run TEXT NOT NULL,
          route TEXT NOT NULL,
          deployment TEXT NOT NULL,
          tier TEXT NOT NULL,
          priority INTEGER NOT NULL,
          is_batch INTEGER NOT NULL,
          calls INTEGER NOT NULL,
          answered INTEGER NOT NULL,
          refused INTEGER NOT NULL,
          failed INTEGER NOT NULL,
          abandoned INTEGER NOT NULL,
          postponed INTEGER NOT NULL,
          attempts INTEGER NOT NULL,
          input_tokens INTEGER NOT NULL,
          cached_tokens INTEGER NOT NULL,
          cache_write_tokens INTEGER NOT NULL,
          output_tokens INTEGER NOT NULL,
          input_cost INTEGER NOT NULL,
          cost INTEGER NOT NULL,
          unpriced INTEGER NOT NULL,
          waited_ms INTEGER NOT NULL,
          duration_ms INTEGER NOT NULL,
          PRIMARY KEY (grain, tenant, at, key)) WITHOUT ROWID;

        INSERT INTO usage_sums
        SELECT grain, tenant, at - at % length AS begin, randomblob(16), IFNULL(user, ''), IFNULL(workflow, ''), IFNULL(step, ''),
          CASE grain WHEN 0 THEN IFNULL(run, '') ELSE '' END AS known_run, route, IFNULL(deployment, ''), '', priority, 0,
          COUNT(*), SUM(status BETWEEN 200 AND 399), SUM(deployment IS NULL AND status IN (413, 429, 503)),
          SUM(status NOT BETWEEN 200 AND 399 AND status <> 499 AND NOT (deployment IS NULL AND status IN (413, 429, 503))), SUM(status = 499), 0,
          SUM(attempts), IFNULL(SUM(input_tokens), 0), IFNULL(SUM(cached_tokens), 0), 0, IFNULL(SUM(output_tokens), 0),
          0, IFNULL(SUM(cost_nano_usd), 0) * 1000, SUM(status BETWEEN 200 AND 399 AND cost_nano_usd IS NULL), SUM(waited_ms), SUM(duration_ms)
        FROM usage CROSS JOIN (SELECT 0 AS grain, 36000000000 AS length UNION ALL SELECT 1, 864000000000)
        GROUP BY grain, tenant, begin, user, workflow, step, known_run, route, deployment, priority;

        DROP TABLE usage;
        CREATE INDEX usage_by_time ON usage_sums (grain, at);
        """;
}

/// <summary>The fourth form: calls that providers' batch services take, collected by lane (state 7) or in a batch (state 8).</summary>
internal static class Step4
{
    public const string Sql = """
        ALTER TABLE items ADD COLUMN batch TEXT;
        ALTER TABLE items ADD COLUMN batch_id TEXT;
        ALTER TABLE items ADD COLUMN batch_place INTEGER;
        ALTER TABLE items ADD COLUMN batch_bytes INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE items ADD COLUMN batch_tokens INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX items_collected ON items (batch, turn, batch_bytes, batch_tokens, due_at, deadline) WHERE state = 7;
        CREATE INDEX items_in_batch ON items (batch_id, deadline) WHERE state = 8;
        CREATE TABLE batches (
          id TEXT PRIMARY KEY,
          lane TEXT NOT NULL,
          provider_id TEXT,
          begun_at INTEGER NOT NULL,
          is_cancelled INTEGER NOT NULL DEFAULT 0,
          tokens INTEGER NOT NULL) WITHOUT ROWID;
        """;
}

/// <summary>The fifth form: which account holds what it made for its callers, and for whom.</summary>
internal static class Step5
{
    public const string Sql = """
        CREATE TABLE state_owners (
          id TEXT NOT NULL,
          account TEXT NOT NULL,
          tenant TEXT NOT NULL,
          at INTEGER NOT NULL,
          PRIMARY KEY (id, account)) WITHOUT ROWID;
        CREATE INDEX state_owners_by_time ON state_owners (at);
        """;
}

/// <summary>The sixth form: what is spent of budgets, a JSON text for each.</summary>
internal static class Step6
{
    public const string Sql = "CREATE TABLE spending (name TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;";
}

/// <summary>The seventh form: what is held of budgets for calls in batches, a JSON text for each.</summary>
internal static class Step7
{
    public const string Sql = "CREATE TABLE spend_deposits (name TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;";
}
