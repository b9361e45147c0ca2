using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Asks to be woken three seconds after a call would have fitted.</summary>
internal sealed class WakesLate(LimiterSpec spec) : LimiterUnderTest(spec)
{
    public override Instant NextWake => base.NextWake + TimeSpan.FromSeconds(3);
}
