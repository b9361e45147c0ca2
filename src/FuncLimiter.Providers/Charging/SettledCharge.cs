using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Providers.Dialects;

namespace FuncLimiter.Providers.Charging;

/// <summary>The end of a call at a provider that replaces its estimate by what was used.</summary>
internal static class SettledCharge
{
    /// <summary>What was used, if it is known; else what was foreseen, if the call may have run; else the call alone.</summary>
    /// <param name="atStart">The charge at the start.</param>
    /// <param name="counted">What was used, by the provider's own rule; null where the response did not tell.</param>
    /// <param name="outcome">How the call ended.</param>
    public static Charge AtEnd(in Charge atStart, Charge? counted, OutcomeKind outcome)
    {
        if (counted is { } known)
        {
            return known with { Requests = atStart.Requests, Concurrent = 0 };
        }

        return outcome is OutcomeKind.Success or OutcomeKind.TransientFailure
            ? atStart with { Concurrent = 0 }
            : Charge.None with { Requests = atStart.Requests };
    }
}

/// <summary>The end of a call at a provider that keeps what it charged at the start (OpenAI, Azure OpenAI, Groq, Cerebras).</summary>
internal static class KeptCharge
{
    /// <summary>
    /// The tokens stay, whatever was used. A call refused for a limit took none of them, but counts as a call. What was used shows in input
    /// and output alone, of which these providers keep no limits.
    /// </summary>
    public static Charge AtEnd(in Charge atStart, TokenUsage? usage, OutcomeKind outcome)
    {
        if (outcome is OutcomeKind.RateLimited or OutcomeKind.QuotaExhausted)
        {
            return Charge.None with { Requests = atStart.Requests };
        }

        return usage is { } used
            ? atStart with { InputTokens = used.InputTokens, OutputTokens = used.OutputTokens, Concurrent = 0 }
            : atStart with { Concurrent = 0 };
    }
}

/// <summary>The prompt's tokens as a provider foresees them, which counts characters before it tokenizes.</summary>
internal static class CharacterEstimate
{
    private const int CharactersPerToken = 4;

    /// <summary>The larger of a quarter of the text's characters and of our own estimate, in tokens.</summary>
    public static long Of(RequestFacts request, in TokenEstimate estimate) =>
        Math.Max(estimate.InputTokens, (request.Characters + CharactersPerToken - 1) / CharactersPerToken);
}
