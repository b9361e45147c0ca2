namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Serves tenants as if all had one weight.</summary>
internal sealed class IgnoresWeights(LimiterSpec spec) : LimiterUnderTest(spec with
{
    Tenants = [.. spec.Tenants.Select(tenant => tenant with { Weight = 1 })],
});
