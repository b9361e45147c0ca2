using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Tells callers who find no place that there will never be one.</summary>
internal sealed class CallsAllTooLarge(LimiterSpec spec) : LimiterUnderTest(spec)
{
    protected override Refusal Word(Refusal refusal, Instant now) => refusal with { Reason = RefusalReason.TooLarge, RetryAt = Instant.Never };
}
