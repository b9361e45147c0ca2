using FsCheck;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Tests.Invariants.Broken;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Invariant 6: every call handed in ends in exactly one outcome, in time; every reservation is settled or expires exactly once, whoever
/// settles it how often; and when all has ended all capacity is there again, crashes included, with no window exceeded on the way.
/// </summary>
public class NothingLostTests
{
    private static readonly WorldKind Mixed = new() { MaxWaiting = 10 };
    private static readonly WorldKind Durable = Mixed with
    {
        IsDurable = true,
        Algorithms = [LimitAlgorithm.Bucket, LimitAlgorithm.Sliding, LimitAlgorithm.Fixed, LimitAlgorithm.Concurrency],
    };

    private static readonly Arbitrary<History> Ordinary = History.Of(
        100, (StepKind.Submit, 12), (StepKind.Burst, 1), (StepKind.Settle, 4), (StepKind.SettleAgain, 3), (StepKind.Observe, 1), (StepKind.Cancel, 2));

    private static readonly Arbitrary<History> WithCrashes = History.Of(
        120,
        (StepKind.Submit, 12),
        (StepKind.Settle, 4),
        (StepKind.SettleAgain, 2),
        (StepKind.BeginCheckpoint, 6),
        (StepKind.KeepCheckpoint, 6),
        (StepKind.ConfirmCheckpoint, 6),
        (StepKind.Cancel, 1),
        (StepKind.Crash, 1));

    [Fact]
    public void NothingLost_HoldsFor_TheLimiter() => Property.Holds(Ordinary, history => Play(history, Mixed, spec => new(spec)), 2000);

    [Fact]
    public void NothingLost_WhenTheProcessDiesAtAnyMoment_HoldsFor_TheLimiter() =>
        Property.Holds(WithCrashes, history => Play(history, Durable, spec => new(spec)), 2000);

    [Fact]
    public void NothingLost_FailsFor_DropsOnAFullLane() => Fails(spec => new DropsOnAFullLane(spec));

    [Fact]
    public void NothingLost_FailsFor_DecidesTwice() => Fails(spec => new DecidesTwice(spec));

    [Fact]
    public void NothingLost_FailsFor_WaitsForEver() => Fails(spec => new WaitsForEver(spec));

    [Fact]
    public void NothingLost_FailsFor_LeaksPlaces() => Fails(spec => new LeaksPlaces(spec));

    [Fact]
    public void NothingLost_FailsFor_NeverExpires() => Fails(spec => new NeverExpires(spec));

    [Fact]
    public void NothingLost_FailsFor_GivesBackTwice() => Fails(spec => new GivesBackTwice(spec));

    [Fact]
    public void NothingLost_FailsFor_ForgetsAcrossCrashes() =>
        Property.Fails(WithCrashes, history => Play(history, Durable, spec => new ForgetsAcrossCrashes(spec)), 3000);

    private static void Fails(Func<LimiterSpec, LimiterUnderTest> make) => Property.Fails(Ordinary, history => Play(history, Mixed, make), 3000);

    private static void Play(History history, WorldKind kind, Func<LimiterSpec, LimiterUnderTest> make)
    {
        var world = Worlds.Make(history.World, kind);
        var player = new Player(world, make, new OutcomeOracle(world), new SafetyOracle(world, history.World)) { Answer = Answers.Rest };
        player.Play(history);
        player.End();
        CapacityProbe.Run(world, player);
    }
}
