using FsCheck;
using FuncLimiter.Core.Tests.Invariants.Broken;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>Invariant 4: interactive before standard before background, and a tenth for standard and a twentieth for background all the same.</summary>
public class PriorityTests
{
    private static readonly Arbitrary<History> Histories = History.Of(
        120, (StepKind.Submit, 6), (StepKind.Burst, 8), (StepKind.Settle, 6), (StepKind.Cancel, 1));

    [Fact]
    public void Priority_HoldsFor_TheLimiter() => Property.Holds(Histories, history => Play(history, spec => new(spec)), 2000);

    [Fact]
    public void Priority_FailsFor_KnowsNoFloors() => Fails(spec => new KnowsNoFloors(spec));

    [Fact]
    public void Priority_FailsFor_KnowsNoClasses() => Fails(spec => new KnowsNoClasses(spec));

    private static void Fails(Func<LimiterSpec, LimiterUnderTest> make) => Property.Fails(Histories, history => Play(history, make), 3000);

    private static void Play(History history, Func<LimiterSpec, LimiterUnderTest> make)
    {
        var world = Worlds.Competing(history.World);
        new Player(world, make, new PriorityOracle(world)) { AskOf = Worlds.OfAnyClass, FinalOf = Worlds.Exact }.Play(history);
    }
}
