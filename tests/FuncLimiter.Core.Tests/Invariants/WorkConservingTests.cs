using FsCheck;
using FuncLimiter.Core.Tests.Invariants.Broken;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>Invariant 2: what fits and has nothing ahead of it that does not goes out at once, not a moment later.</summary>
public class WorkConservingTests
{
    private static readonly WorldKind Mixed = new();

    private static readonly Arbitrary<History> Histories = History.Of(
        100, (StepKind.Submit, 10), (StepKind.Settle, 6), (StepKind.Observe, 1), (StepKind.Cancel, 1));

    [Fact]
    public void WorkConserving_HoldsFor_TheLimiter() => Property.Holds(Histories, history => Play(history, spec => new(spec)), 2000);

    [Fact]
    public void WorkConserving_FailsFor_KeepsAMargin() => Fails(spec => new KeepsAMargin(spec));

    [Fact]
    public void WorkConserving_FailsFor_WakesLate() => Fails(spec => new WakesLate(spec));

    [Fact]
    public void WorkConserving_FailsFor_ForgetsToGiveBack() => Fails(spec => new ForgetsToGiveBack(spec));

    [Fact]
    public void WorkConserving_FailsFor_LeaksPlaces() => Fails(spec => new LeaksPlaces(spec));

    private static void Fails(Func<LimiterSpec, LimiterUnderTest> make) => Property.Fails(Histories, history => Play(history, make), 3000);

    private static void Play(History history, Func<LimiterSpec, LimiterUnderTest> make)
    {
        var world = Worlds.Make(history.World, Mixed);
        new Player(world, make, new WorkOracle(world)) { Answer = Answers.Rest }.Play(history);
    }
}
