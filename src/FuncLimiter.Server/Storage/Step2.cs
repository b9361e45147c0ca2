namespace FuncLimiter.Server.Storage;

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
