using System.Globalization;
using FuncLimiter.Simulation.Providers.Enforcement;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Simulation.Providers.Signals;

/// <summary>When a refused caller is told to come back.</summary>
internal static class DoubleRetryHint
{
    /// <summary>
    /// The wait that the headers name, in seconds: to the millisecond at OpenAI and Azure, in whole seconds at Anthropic; null where none
    /// is named, since the call will never fit or nobody knows when a place comes free.
    /// </summary>
    public static double? Seconds(in LimitRefusal refusal, ProviderDialect dialect) =>
        refusal.Cause is RefusalCause.TooLarge or RefusalCause.Concurrency ? null
        : dialect == ProviderDialect.Anthropic ? Math.Max(1, GoDuration.Seconds(refusal.WaitSeconds))
        : GoDuration.Milliseconds(refusal.WaitSeconds) / 1000.0;

    /// <summary>Sets <c>retry-after</c>, and but for Anthropic <c>retry-after-ms</c>.</summary>
    public static void Set(IHeaderDictionary headers, in LimitRefusal refusal, ProviderDialect dialect)
    {
        if (Seconds(refusal, dialect) is not { } seconds)
        {
            return;
        }

        headers["retry-after"] = GoDuration.Seconds(seconds).ToString(CultureInfo.InvariantCulture);
        if (dialect != ProviderDialect.Anthropic)
        {
            headers["retry-after-ms"] = GoDuration.Milliseconds(seconds).ToString(CultureInfo.InvariantCulture);
        }
    }
}
