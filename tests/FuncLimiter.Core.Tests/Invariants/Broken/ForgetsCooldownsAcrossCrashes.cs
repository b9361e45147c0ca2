using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Knows after a crash what went out, but not who must rest.</summary>
internal sealed class ForgetsCooldownsAcrossCrashes(LimiterSpec spec) : LimiterUnderTest(spec)
{
    public override void Restore(IEnumerable<BudgetState> states, Instant now) =>
        base.Restore([.. states.Select(state => state with { CooldownUntilTicks = 0 })], now);
}
