using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Passes over what providers report of their limits.</summary>
internal sealed class BelievesNoReports(LimiterSpec spec) : LimiterUnderTest(spec)
{
    public override void Observe(int id, Observation observation, Instant now) => base.Observe(id, observation with { Readings = [] }, now);
}
