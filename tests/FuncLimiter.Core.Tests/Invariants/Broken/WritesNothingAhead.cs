namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Writes down what went out, but nothing ahead of it.</summary>
internal sealed class WritesNothingAhead(LimiterSpec spec) : LimiterUnderTest(spec with { IsDurable = false })
{
    public override bool NeedsCheckpoint => false;
}
