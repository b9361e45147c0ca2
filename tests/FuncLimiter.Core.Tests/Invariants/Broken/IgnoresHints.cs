using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Learns that a call was refused, and passes over for how long.</summary>
internal sealed class IgnoresHints(LimiterSpec spec) : LimiterUnderTest(spec)
{
    public override void Observe(int id, Observation observation, Instant now) => base.Observe(id, observation with { RetryAfter = null }, now);
}
