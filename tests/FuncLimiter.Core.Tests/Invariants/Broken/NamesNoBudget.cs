using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Does not say which budget is in the way.</summary>
internal sealed class NamesNoBudget(LimiterSpec spec) : LimiterUnderTest(spec)
{
    protected override Refusal Word(Refusal refusal, Instant now) => refusal with { Budget = "busy" };
}
