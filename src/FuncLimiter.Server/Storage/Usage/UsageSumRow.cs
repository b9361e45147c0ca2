using System.Data.Common;
using FuncLimiter.Gateway.Operations.Usage;

namespace FuncLimiter.Server.Storage.Usage;

/// <summary>One sum of the usage ledger, as its columns.</summary>
internal static class UsageSumRow
{
    /// <summary>Adds a sum to what is there.</summary>
    public const string Add =
        """
        INSERT INTO usage_sums (grain, tenant, at, key, user, workflow, step, run, route, deployment, tier, priority, is_batch, calls, answered, refused,
          failed, abandoned, postponed, attempts, input_tokens, cached_tokens, cache_write_tokens, output_tokens, input_cost, cost, unpriced, waited_ms,
          duration_ms)
        VALUES (@grain, @Tenant, @at, @key, @User, @Workflow, @Step, @Run, @Route, @Deployment, @Tier, @priority, @IsBatch, @Calls, @Answered, @Refused,
          @Failed, @Abandoned, @Postponed, @Attempts, @InputTokens, @CachedTokens, @CacheWriteTokens, @OutputTokens, @inputCost, @cost, @Unpriced, @WaitedMs,
          @DurationMs)
        ON CONFLICT (grain, tenant, at, key) DO UPDATE SET
          calls = calls + excluded.calls, answered = answered + excluded.answered, refused = refused + excluded.refused,
          failed = failed + excluded.failed, abandoned = abandoned + excluded.abandoned, postponed = postponed + excluded.postponed,
          attempts = attempts + excluded.attempts, input_tokens = input_tokens + excluded.input_tokens,
          cached_tokens = cached_tokens + excluded.cached_tokens, cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
          output_tokens = output_tokens + excluded.output_tokens, input_cost = input_cost + excluded.input_cost, cost = cost + excluded.cost,
          unpriced = unpriced + excluded.unpriced, waited_ms = waited_ms + excluded.waited_ms, duration_ms = duration_ms + excluded.duration_ms
        """;

    /// <summary>The sums of some rows, in the order in which <see cref="Read"/> takes them. Money is summed in two parts, so that no sum overflows.</summary>
    public const string Sums =
        """
        SUM(calls), SUM(answered), SUM(refused), SUM(failed), SUM(abandoned), SUM(postponed), SUM(attempts), SUM(input_tokens), SUM(cached_tokens),
          SUM(cache_write_tokens), SUM(output_tokens), SUM(unpriced), SUM(waited_ms), SUM(duration_ms),
          SUM(input_cost / 1000000), SUM(input_cost % 1000000), SUM(cost / 1000000), SUM(cost % 1000000)
        """;

    /// <summary>The order of groups of rows by what they cost, exactly: first by whole millionths of a dollar, then by the rest.</summary>
    public const string DearestFirst = "SUM(cost / 1000000) + SUM(cost % 1000000) / 1000000 DESC, SUM(cost % 1000000) % 1000000 DESC";

    private const decimal MicroPerUsd = 1_000_000m;
    private const decimal PicoPerUsd = 1_000_000_000_000m;

    /// <summary>What one column holds: of one key within one day. More is nobody's bill.</summary>
    private const decimal MostUsd = 9_000_000m;

    /// <summary>The parameters of <see cref="Add"/>.</summary>
    public static object Of(UsageGrain grain, UsageCell cell) => new
    {
        grain = (int)grain,
        at = cell.From.UtcTicks,
        key = cell.Key.Hash(),
        cell.Key.Tenant,
        cell.Key.User,
        cell.Key.Workflow,
        cell.Key.Step,
        cell.Key.Run,
        cell.Key.Route,
        cell.Key.Deployment,
        cell.Key.Tier,
        priority = (int)cell.Key.Priority,
        cell.Key.IsBatch,
        cell.Totals.Calls,
        cell.Totals.Answered,
        cell.Totals.Refused,
        cell.Totals.Failed,
        cell.Totals.Abandoned,
        cell.Totals.Postponed,
        cell.Totals.Attempts,
        cell.Totals.InputTokens,
        cell.Totals.CachedTokens,
        cell.Totals.CacheWriteTokens,
        cell.Totals.OutputTokens,
        inputCost = Pico(cell.Totals.InputCostUsd),
        cost = Pico(cell.Totals.CostUsd),
        cell.Totals.Unpriced,
        cell.Totals.WaitedMs,
        cell.Totals.DurationMs,
    };

    /// <summary>Reads <see cref="Sums"/> that begin at a column.</summary>
    public static UsageTotals Read(DbDataReader row, int first)
    {
        long Number(int place) => row.IsDBNull(first + place) ? 0 : row.GetInt64(first + place);
        decimal Usd(int place) => (Number(place) / MicroPerUsd) + (Number(place + 1) / PicoPerUsd);
        return new UsageTotals
        {
            Calls = Number(0),
            Answered = Number(1),
            Refused = Number(2),
            Failed = Number(3),
            Abandoned = Number(4),
            Postponed = Number(5),
            Attempts = Number(6),
            InputTokens = Number(7),
            CachedTokens = Number(8),
            CacheWriteTokens = Number(9),
            OutputTokens = Number(10),
            Unpriced = Number(11),
            WaitedMs = Number(12),
            DurationMs = Number(13),
            InputCostUsd = Usd(14),
            CostUsd = Usd(16),
        };
    }
    private static long Pico(decimal usd) => (long)(Math.Min(usd, MostUsd) * PicoPerUsd);
}
