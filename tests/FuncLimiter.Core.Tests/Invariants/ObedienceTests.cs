using FsCheck;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Tests.Invariants.Broken;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Invariant 5: nothing is sent to a scope before its rest ends, whoever asked for it and whatever the clock does, also after a crash; and
/// when it ends only the calls that fit are let go.
/// </summary>
public class ObedienceTests
{
    private static readonly WorldKind Mixed = new();
    private static readonly WorldKind Durable =
        new() { IsDurable = true, Algorithms = [LimitAlgorithm.Bucket, LimitAlgorithm.Sliding, LimitAlgorithm.Fixed, LimitAlgorithm.Concurrency] };

    private static readonly Arbitrary<History> Ordinary = History.Of(
        120, (StepKind.Submit, 12), (StepKind.Settle, 6), (StepKind.Observe, 4), (StepKind.Close, 1), (StepKind.Cancel, 1));

    private static readonly Arbitrary<History> WithCrashes = History.Of(
        150,
        (StepKind.Submit, 12),
        (StepKind.Settle, 6),
        (StepKind.Observe, 6),
        (StepKind.BeginCheckpoint, 6),
        (StepKind.KeepCheckpoint, 6),
        (StepKind.ConfirmCheckpoint, 6),
        (StepKind.ClockBack, 1),
        (StepKind.Crash, 2));

    [Fact]
    public void Obedience_HoldsFor_TheLimiter() => Property.Holds(Ordinary, history => Play(history, Mixed, spec => new(spec)), 2000);

    [Fact]
    public void Obedience_WhenTheProcessDiesAtAnyMoment_HoldsFor_TheLimiter() =>
        Property.Holds(WithCrashes, history => Play(history, Durable, spec => new(spec)), 2000);

    [Fact]
    public void Obedience_FailsFor_IgnoresHints() => Fails(Ordinary, Mixed, spec => new IgnoresHints(spec));

    [Fact]
    public void Obedience_FailsFor_ComesBackEarly() => Fails(Ordinary, Mixed, spec => new ComesBackEarly(spec));

    [Fact]
    public void Obedience_FailsFor_RestsOneModelOnly() => Fails(Ordinary, Mixed, spec => new RestsOneModelOnly(spec));

    [Fact]
    public void Obedience_FailsFor_ReleasesAllOnWaking() => Fails(Ordinary, Mixed, spec => new ReleasesAllOnWaking(spec));

    [Fact]
    public void Obedience_FailsFor_ForgetsCooldownsAcrossCrashes() => Fails(WithCrashes, Durable, spec => new ForgetsCooldownsAcrossCrashes(spec));

    private static void Fails(Arbitrary<History> histories, WorldKind kind, Func<LimiterSpec, LimiterUnderTest> make) =>
        Property.Fails(histories, history => Play(history, kind, make), 5000);

    private static void Play(History history, WorldKind kind, Func<LimiterSpec, LimiterUnderTest> make)
    {
        var world = Worlds.Make(history.World, kind);
        new Player(world, make, new CooldownOracle(world)) { Answer = Answers.Any }.Play(history);
    }
}
