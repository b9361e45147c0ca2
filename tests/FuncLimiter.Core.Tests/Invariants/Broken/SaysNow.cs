using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Tells whoever is refused to come back at once.</summary>
internal sealed class SaysNow(LimiterSpec spec) : LimiterUnderTest(spec)
{
    protected override Refusal Word(Refusal refusal, Instant now) => refusal.RetryAt.IsKnown ? refusal with { RetryAt = now } : refusal;
}
