using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Comes back a tenth sooner than it was asked to.</summary>
internal sealed class ComesBackEarly(LimiterSpec spec) : LimiterUnderTest(spec)
{
    public override void Observe(int id, Observation observation, Instant now) =>
        base.Observe(id, observation with { RetryAfter = observation.RetryAfter * 0.9 }, now);
}
