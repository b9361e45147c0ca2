using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>First come, first served, whoever comes.</summary>
internal sealed class KnowsNoTenants(LimiterSpec spec) : LimiterUnderTest(spec)
{
    protected override Call ToCall(Ask ask) => base.ToCall(ask with { Tenant = Limiter.GetType().Name });
}
