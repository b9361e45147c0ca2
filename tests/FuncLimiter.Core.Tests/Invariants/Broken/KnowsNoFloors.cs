namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Serves a class only when no higher one waits.</summary>
internal sealed class KnowsNoFloors(LimiterSpec spec) : LimiterUnderTest(spec with { Queue = spec.Queue with { Floor = [0, 0, 0] } });
