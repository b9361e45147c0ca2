namespace FuncLimiter.Server.Storage;

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
