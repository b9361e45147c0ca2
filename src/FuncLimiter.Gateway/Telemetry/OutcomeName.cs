using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Telemetry;

/// <summary>The names of outcomes in labels.</summary>
internal static class OutcomeName
{
    public static string Of(OutcomeKind outcome) => outcome switch
    {
        OutcomeKind.Success => "success",
        OutcomeKind.RateLimited => "rate_limited",
        OutcomeKind.Overloaded => "overloaded",
        OutcomeKind.TransientFailure => "transient_failure",
        OutcomeKind.QuotaExhausted => "quota_exhausted",
        _ => "rejected",
    };
}
