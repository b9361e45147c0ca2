using FuncLimiter.Gateway.Calls;

namespace FuncLimiter.Server.Storage;

/// <summary>One entry of the usage ledger, as its columns.</summary>
internal static class UsageRow
{
    /// <summary>Money is stored in billionths of a dollar: whole numbers, which add up without error.</summary>
    public const decimal NanoPerUsd = 1_000_000_000m;

    public const string Insert =
        """
        INSERT INTO usage (at, tenant, user, workflow, step, run, priority, route, operation, deployment, status, input_tokens, cached_tokens, output_tokens,
          cost_nano_usd, waited_ms, duration_ms, attempts)
        VALUES (@at, @Tenant, @User, @Workflow, @Step, @Run, @priority, @Route, @operation, @Deployment, @Status, @input, @cached, @output,
          @cost, @waited, @duration, @Attempts)
        """;

    public static object Of(UsageRecord record) => new
    {
        at = record.At.UtcTicks,
        record.Caller.Tenant,
        record.Caller.User,
        record.Caller.Workflow,
        record.Caller.Step,
        record.Caller.Run,
        priority = (int)record.Caller.Priority,
        record.Route,
        operation = (int)record.Operation,
        record.Deployment,
        record.Status,
        input = record.Usage?.InputTokens,
        cached = record.Usage?.CacheReadTokens,
        output = record.Usage?.OutputTokens,
        cost = (long?)(record.CostUsd * NanoPerUsd),
        waited = (long)record.Waited.TotalMilliseconds,
        duration = (long)record.Duration.TotalMilliseconds,
        record.Attempts,
    };
}
