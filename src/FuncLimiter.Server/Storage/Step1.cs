namespace FuncLimiter.Server.Storage;

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
