using System.Text.Json;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Responses;

/// <summary>A usage object as a provider wrote it, before it is normalised. Null where it is silent.</summary>
/// <param name="Input">Input tokens.</param>
/// <param name="Output">Output tokens.</param>
/// <param name="CacheRead">Input read from a prompt cache.</param>
/// <param name="CacheWrite">Input written to a prompt cache.</param>
/// <param name="Reasoning">Output spent on reasoning.</param>
/// <param name="Total">Everything together.</param>
/// <param name="ExcludesCache">True where the input leaves the cache's tokens out (Anthropic, Bedrock).</param>
internal readonly record struct UsageFields(
    long? Input, long? Output, long? CacheRead, long? CacheWrite, long? Reasoning, long? Total, bool ExcludesCache = false)
{
    /// <summary>What the provider says that the call cost, in US dollars; null where it says nothing.</summary>
    public decimal? CostUsd { get; init; }

    /// <summary>The tokens that it bills, where those are others than it used.</summary>
    public ChargedTokens? Billed { get; init; }

    /// <summary>True where there is nothing to settle by.</summary>
    public bool IsEmpty => Input is null && Output is null;

    /// <summary>Reads a usage object, whichever of the known shapes it has.</summary>
    public static UsageFields Read(JsonElement usage) => usage.ValueKind == JsonValueKind.Object
        ? Tokens(usage) with { CostUsd = ReportedCost.Usd(usage) }
        : default;

    private static UsageFields Tokens(JsonElement usage)
    {
        if (Json.TryGet(usage, "promptTokenCount", out _) || Json.TryGet(usage, "totalTokenCount", out _))
        {
            return Gemini(usage);
        }

        if (Json.TryGet(usage, "inputTokens", out _) || Json.TryGet(usage, "outputTokens", out _))
        {
            return Converse(usage);
        }

        if (Json.TryGet(usage, "inputTokenCount", out _))
        {
            return InvocationMetrics(usage);
        }

        if (Json.TryGet(usage, "tokens", out var tokens) && tokens.ValueKind == JsonValueKind.Object)
        {
            return OpenAI(tokens) with
            {
                CacheRead = Json.CountAt(usage, "cached_tokens"),
                Billed = BilledUnits(Json.At(usage, "billed_units")),
            };
        }

        if (Json.TryGet(usage, "billed_units", out var billed))
        {
            return OpenAI(billed) with { CacheRead = Json.CountAt(usage, "cached_tokens"), Billed = BilledUnits(billed) };
        }

        var isAnthropic = !Json.TryGet(usage, "prompt_tokens", out _)
            && (Json.TryGet(usage, "cache_read_input_tokens", out _)
                || Json.TryGet(usage, "cache_creation_input_tokens", out _)
                || Json.TryGet(usage, "cache_creation", out _));
        return isAnthropic ? Anthropic(usage) : OpenAI(usage);
    }

    /// <summary>What a later report of the same call makes of this one: cumulative, so each value told replaces the earlier one.</summary>
    public UsageFields Then(in UsageFields later) => new(
        later.Input ?? Input,
        later.Output ?? Output,
        later.CacheRead ?? CacheRead,
        later.CacheWrite ?? CacheWrite,
        later.Reasoning ?? Reasoning,
        later.Total ?? Total,
        later.ExcludesCache || ExcludesCache)
    {
        CostUsd = later.CostUsd ?? CostUsd,
        Billed = later.Billed ?? Billed,
    };

    /// <summary>Normalised: input with the cache's tokens, output with reasoning; null where there is nothing to settle by.</summary>
    public TokenUsage? ToUsage()
    {
        if (IsEmpty)
        {
            return null;
        }

        var cache = ExcludesCache ? (CacheRead ?? 0) + (CacheWrite ?? 0) : 0;
        return new TokenUsage((Input ?? 0) + cache, Output ?? 0, CacheRead ?? 0, CacheWrite ?? 0, Reasoning ?? 0);
    }

    private static ChargedTokens? BilledUnits(JsonElement units) =>
        (Json.CountAt(units, "input_tokens"), Json.CountAt(units, "output_tokens")) is var (input, output) && (input ?? output) is not null
            ? new ChargedTokens(null, input, output)
            : null;

    private static UsageFields OpenAI(JsonElement usage)
    {
        var input = First(usage, "prompt_tokens_details", "input_tokens_details", "input_token_details");
        var output = First(usage, "completion_tokens_details", "output_tokens_details", "output_token_details");
        return new UsageFields(
            Json.CountAt(usage, "prompt_tokens") ?? Json.CountAt(usage, "input_tokens"),
            Json.CountAt(usage, "completion_tokens") ?? Json.CountAt(usage, "output_tokens"),
            Json.CountAt(input, "cached_tokens") ?? Json.CountAt(usage, "prompt_cache_hit_tokens") ?? Json.CountAt(usage, "cached_tokens")
                ?? Json.CountAt(usage, "cache_read_input_tokens"),
            Json.CountAt(input, "cache_write_tokens") ?? Json.CountAt(usage, "cache_creation_input_tokens"),
            Json.CountAt(output, "reasoning_tokens") ?? Json.CountAt(usage, "reasoning_tokens"),
            Json.CountAt(usage, "total_tokens"));
    }

    private static UsageFields Anthropic(JsonElement usage) => new(
        Json.CountAt(usage, "input_tokens"),
        Json.CountAt(usage, "output_tokens"),
        Json.CountAt(usage, "cache_read_input_tokens"),
        Json.CountAt(usage, "cache_creation_input_tokens") ?? Sum(
            Json.CountAt(usage, "cache_creation", "ephemeral_5m_input_tokens"),
            Json.CountAt(usage, "cache_creation", "ephemeral_1h_input_tokens")),
        Json.CountAt(usage, "output_tokens_details", "thinking_tokens"),
        null,
        ExcludesCache: true);

    private static UsageFields Gemini(JsonElement usage) => new(
        Sum(Json.CountAt(usage, "promptTokenCount"), Json.CountAt(usage, "toolUsePromptTokenCount")),
        Sum(Json.CountAt(usage, "candidatesTokenCount"), Json.CountAt(usage, "thoughtsTokenCount")),
        Json.CountAt(usage, "cachedContentTokenCount"),
        null,
        Json.CountAt(usage, "thoughtsTokenCount"),
        Json.CountAt(usage, "totalTokenCount"));

    private static UsageFields Converse(JsonElement usage) => new(
        Json.CountAt(usage, "inputTokens"),
        Json.CountAt(usage, "outputTokens"),
        Json.CountAt(usage, "cacheReadInputTokens"),
        Json.CountAt(usage, "cacheWriteInputTokens"),
        null,
        Json.CountAt(usage, "totalTokens"),
        ExcludesCache: true);

    private static UsageFields InvocationMetrics(JsonElement usage) => new(
        Json.CountAt(usage, "inputTokenCount"),
        Json.CountAt(usage, "outputTokenCount"),
        Json.CountAt(usage, "cacheReadInputTokenCount"),
        Json.CountAt(usage, "cacheWriteInputTokenCount"),
        null,
        null,
        ExcludesCache: true);

    /// <summary>Realtime's are named in the singular (developers.openai.com: Realtime server events, response.done).</summary>
    private static JsonElement First(JsonElement usage, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Json.At(usage, name) is { ValueKind: JsonValueKind.Object } found)
            {
                return found;
            }
        }

        return default;
    }

    /// <summary>What providers say that a call cost, each in its own way.</summary>
    private static class ReportedCost
    {
        /// <summary>More than any call costs.</summary>
        private const decimal Most = 1_000_000;

        /// <summary>xAI counts in ticks (docs.x.ai/developers/cost-tracking, 2026-11-28).</summary>
        private const decimal TicksPerUsd = 10_000_000_000;

        /// <summary>The cost in US dollars; null where there is none, or it makes no sense.</summary>
        public static decimal? Usd(JsonElement usage)
        {
            // OpenRouter charges a fee alone where it calls with the customer's own key: who served then bills the rest.
            var fee = Amount(Json.At(usage, "cost"));
            var upstream = Json.At(usage, "is_byok").ValueKind == JsonValueKind.True ? Amount(Json.At(usage, "cost_details", "upstream_inference_cost")) : 0;
            return fee + (upstream ?? 0)
                ?? Amount(Json.At(usage, "cost", "total_cost"))
                ?? Amount(Json.At(usage, "estimated_cost"))
                ?? (Json.CountAt(usage, "cost_in_usd_ticks") is { } ticks && ticks / TicksPerUsd is <= Most and var usd ? usd : null);
        }

        private static decimal? Amount(JsonElement value) =>
            value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var amount) && amount is >= 0 and <= Most ? amount : null;
    }

    private static long? Sum(long? left, long? right) => left is null && right is null ? null : (left ?? 0) + (right ?? 0);
}
