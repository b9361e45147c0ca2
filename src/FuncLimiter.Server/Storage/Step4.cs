namespace FuncLimiter.Server.Storage;

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
