namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Holds calls to every budget but the tenant's.</summary>
internal sealed class ForgetsTheTenant(LimiterSpec spec) : LimiterUnderTest(spec with
{
    Tenants = [.. spec.Tenants.Select(tenant => tenant with { Limits = [] })],
});
