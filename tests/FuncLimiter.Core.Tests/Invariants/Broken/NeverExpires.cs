using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Holds a reservation that nobody settles for good.</summary>
internal sealed class NeverExpires(LimiterSpec spec) : LimiterUnderTest(spec)
{
    protected override Call ToCall(Ask ask) => base.ToCall(ask with { ExpiresAfter = null });
}
