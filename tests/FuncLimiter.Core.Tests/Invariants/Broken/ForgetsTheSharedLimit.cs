namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Holds calls to every budget but those that accounts share.</summary>
internal sealed class ForgetsTheSharedLimit(LimiterSpec spec) : LimiterUnderTest(spec with
{
    SharedLimits = [.. spec.SharedLimits.Select(shared => shared with { Limits = [] })],
});
