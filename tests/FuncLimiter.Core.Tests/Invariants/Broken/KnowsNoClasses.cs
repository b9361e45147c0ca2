using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Serves all classes as one.</summary>
internal sealed class KnowsNoClasses(LimiterSpec spec) : LimiterUnderTest(spec)
{
    protected override Call ToCall(Ask ask) => base.ToCall(ask with { Priority = Priority.Standard });
}
