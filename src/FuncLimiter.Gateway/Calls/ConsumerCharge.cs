using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;

namespace FuncLimiter.Gateway.Calls;

/// <summary>What a call costs its tenant and its user: what it really uses, whatever the provider's own rule.</summary>
internal static class ConsumerCharge
{
    /// <summary>A request that brought nothing, for example since it was malformed.</summary>
    public static readonly Charge RequestOnly = new(1, 0, 0, 0, 0);

    /// <summary>The charge foreseen.</summary>
    public static Charge Of(in TokenEstimate estimate) =>
        new(1, estimate.InputTokens + estimate.OutputTokens, estimate.InputTokens, estimate.OutputTokens, 1);

    /// <summary>The charge that stands.</summary>
    public static Charge Of(in TokenUsage usage) => new(1, usage.TotalTokens, usage.InputTokens, usage.OutputTokens, 0);
}
