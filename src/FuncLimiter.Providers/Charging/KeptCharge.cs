using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Providers.Charging;

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
