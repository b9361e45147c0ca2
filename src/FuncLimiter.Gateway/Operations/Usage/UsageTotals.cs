using FuncLimiter.Gateway.Calls;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Gateway.Operations.Usage;

/// <summary>What some calls used together.</summary>
internal readonly record struct UsageTotals
{
    /// <summary>Calls that have ended, however.</summary>
    public long Calls { get; init; }

    /// <summary>Of these, answered.</summary>
    public long Answered { get; init; }

    /// <summary>Of these, turned away by FuncLimiter.</summary>
    public long Refused { get; init; }

    /// <summary>Of these, ended by a provider's failure.</summary>
    public long Failed { get; init; }

    /// <summary>Of these, given up by their callers.</summary>
    public long Abandoned { get; init; }

    /// <summary>How often calls of jobs found no room yet and waited on; not counted as calls.</summary>
    public long Postponed { get; init; }

    /// <summary>How often providers were asked.</summary>
    public long Attempts { get; init; }

    /// <summary>Input tokens, cache reads and writes included.</summary>
    public long InputTokens { get; init; }

    /// <summary>Input tokens read from prompt caches.</summary>
    public long CachedTokens { get; init; }

    /// <summary>Input tokens written to prompt caches.</summary>
    public long CacheWriteTokens { get; init; }

    /// <summary>Output tokens, reasoning included.</summary>
    public long OutputTokens { get; init; }

    /// <summary>What the input cost, in US dollars.</summary>
    public decimal InputCostUsd { get; init; }

    /// <summary>What all of it cost, in US dollars, as far as prices are known.</summary>
    public decimal CostUsd { get; init; }

    /// <summary>Answered calls whose cost is not known: no price, or no usage told.</summary>
    public long Unpriced { get; init; }

    /// <summary>How long calls waited for admission, in milliseconds.</summary>
    public long WaitedMs { get; init; }

    /// <summary>How long calls took, in milliseconds.</summary>
    public long DurationMs { get; init; }

    /// <summary>Cached over all input tokens, 0 to 1; null where there was no input.</summary>
    public double? CacheHitRate => InputTokens > 0 ? (double)CachedTokens / InputTokens : null;

    /// <summary>Input over all tokens, 0 to 1; null where there were none.</summary>
    public double? InputShare => InputTokens + OutputTokens is > 0 and var all ? (double)InputTokens / all : null;

    /// <summary>Refused calls over all calls, 0 to 1; null where there were none.</summary>
    public double? RejectionRate => Calls > 0 ? (double)Refused / Calls : null;

    /// <summary>What all of it cost; null where nothing is known of it, since no call has a price or usage. Where only some have, the part that is known.</summary>
    public decimal? KnownCostUsd => IsCostKnown ? CostUsd : null;

    /// <summary>Whether anything is known of the cost: it is where there was nothing to pay.</summary>
    public bool IsCostKnown => Unpriced == 0 || CostUsd > 0;

    /// <summary>Whether a record is of an answered call whose cost is not known.</summary>
    internal static bool IsUnpriced(UsageRecord record) =>
        record is { Outcome: UsageOutcome.Answered, CostUsd: null } && record.Operation != Operation.CountTokens
            && (record.Operation != Operation.Other || record.Usage is not null);

    /// <summary>What one record adds.</summary>
    public static UsageTotals Of(UsageRecord record)
    {
        var isEnd = record.Outcome is not (UsageOutcome.Postponed or UsageOutcome.Unfinished);
        return new UsageTotals
        {
            Calls = One(isEnd),
            Answered = One(record.Outcome == UsageOutcome.Answered),
            Refused = One(record.Outcome == UsageOutcome.Refused),
            Failed = One(record.Outcome == UsageOutcome.Failed),
            Abandoned = One(record.Outcome == UsageOutcome.Abandoned),
            Postponed = One(record.Outcome == UsageOutcome.Postponed),
            Attempts = record.Attempts,
            InputTokens = record.Usage?.InputTokens ?? 0,
            CachedTokens = record.Usage?.CacheReadTokens ?? 0,
            CacheWriteTokens = record.Usage?.CacheWriteTokens ?? 0,
            OutputTokens = record.Usage?.OutputTokens ?? 0,
            InputCostUsd = record.InputCostUsd ?? 0,
            CostUsd = record.CostUsd ?? 0,
            Unpriced = One(IsUnpriced(record)),
            WaitedMs = (long)record.Waited.TotalMilliseconds,
            DurationMs = (long)record.Duration.TotalMilliseconds,
        };
    }

    /// <summary>Both together.</summary>
    public static UsageTotals operator +(in UsageTotals left, in UsageTotals right) => new()
    {
        Calls = left.Calls + right.Calls,
        Answered = left.Answered + right.Answered,
        Refused = left.Refused + right.Refused,
        Failed = left.Failed + right.Failed,
        Abandoned = left.Abandoned + right.Abandoned,
        Postponed = left.Postponed + right.Postponed,
        Attempts = left.Attempts + right.Attempts,
        InputTokens = left.InputTokens + right.InputTokens,
        CachedTokens = left.CachedTokens + right.CachedTokens,
        CacheWriteTokens = left.CacheWriteTokens + right.CacheWriteTokens,
        OutputTokens = left.OutputTokens + right.OutputTokens,
        InputCostUsd = left.InputCostUsd + right.InputCostUsd,
        CostUsd = left.CostUsd + right.CostUsd,
        Unpriced = left.Unpriced + right.Unpriced,
        WaitedMs = left.WaitedMs + right.WaitedMs,
        DurationMs = left.DurationMs + right.DurationMs,
    };

    private static long One(bool counts) => counts ? 1 : 0;
}
