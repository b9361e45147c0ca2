using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Knows no deadlines.</summary>
internal sealed class WaitsForEver(LimiterSpec spec) : LimiterUnderTest(
    spec with { Queue = spec.Queue with { MaxWait = [TimeSpan.FromDays(1), TimeSpan.FromDays(1), TimeSpan.FromDays(1)] } })
{
    protected override Call ToCall(Ask ask) => base.ToCall(ask with { MaxWait = null });
}
