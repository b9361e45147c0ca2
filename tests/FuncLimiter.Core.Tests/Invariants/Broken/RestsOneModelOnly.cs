using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Rests the deployment that answered where its whole account must rest.</summary>
internal sealed class RestsOneModelOnly(LimiterSpec spec) : LimiterUnderTest(spec)
{
    public override void Observe(int id, Observation observation, Instant now) =>
        base.Observe(id, observation with { WholeAccount = false, Dimension = null }, now);
}
