using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Tells times, and keeps no place for whoever comes back at them.</summary>
internal sealed class ForgetsWhomItRefused(LimiterSpec spec) : LimiterUnderTest(spec)
{
    private long strangers;

    protected override Call ToCall(Ask ask) => base.ToCall(ask with { Caller = --strangers });
}
