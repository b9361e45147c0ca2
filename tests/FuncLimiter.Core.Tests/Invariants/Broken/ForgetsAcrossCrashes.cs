using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Starts anew after a crash, as if nothing had ever gone out.</summary>
internal sealed class ForgetsAcrossCrashes(LimiterSpec spec) : LimiterUnderTest(spec)
{
    public override void Restore(IEnumerable<BudgetState> states, Instant now)
    {
    }
}
