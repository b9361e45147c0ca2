using FuncLimiter.Core.Budgets;

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
