using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Tells everybody to come back in ten seconds.</summary>
internal sealed class SaysAlwaysTheSame(LimiterSpec spec) : LimiterUnderTest(spec)
{
    protected override Refusal Word(Refusal refusal, Instant now) => refusal with { RetryAt = now + TimeSpan.FromSeconds(10) };
}
