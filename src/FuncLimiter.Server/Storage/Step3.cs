namespace FuncLimiter.Server.Storage;

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
