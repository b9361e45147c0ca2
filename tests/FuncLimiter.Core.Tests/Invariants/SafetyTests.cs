using FsCheck;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Tests.Invariants.Broken;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Invariant 1: in every window as the provider counts it, what was admitted never exceeds the limit, under any mix of algorithms, late and
/// larger settlements, reports, jitter and clocks within the bound, clocks set back, outsiders on the same key, and crashes.
/// </summary>
public class SafetyTests
{
    private static readonly WorldKind Mixed = new();
    private static readonly WorldKind OnlyProviders = new() { LimitsConsumers = false };
    private static readonly WorldKind Unphased = new() { Algorithms = [LimitAlgorithm.Bucket, LimitAlgorithm.Sliding, LimitAlgorithm.Fixed, LimitAlgorithm.Concurrency] };
    private static readonly WorldKind Durable = Unphased with { IsDurable = true };
    private static readonly WorldKind Buckets = new() { Algorithms = [LimitAlgorithm.Bucket], LimitsConsumers = false };

    private static readonly Arbitrary<History> Ordinary = History.Of(
        150, (StepKind.Submit, 10), (StepKind.Settle, 6), (StepKind.Observe, 4), (StepKind.Cancel, 1));

    private static readonly Arbitrary<History> WithClocksThatJump = History.Of(
        150, (StepKind.Submit, 10), (StepKind.Settle, 6), (StepKind.Observe, 4), (StepKind.Cancel, 1), (StepKind.ClockJump, 4));

    private static readonly Arbitrary<History> WithClocksSetBack = History.Of(
        150, (StepKind.Submit, 10), (StepKind.Settle, 6), (StepKind.Cancel, 1), (StepKind.ClockBack, 1));

    private static readonly Arbitrary<History> WithOutsiders = History.Of(
        150, (StepKind.Submit, 10), (StepKind.Outsider, 3), (StepKind.Cancel, 1));

    private static readonly Arbitrary<History> WithCrashes = History.Of(
        200,
        (StepKind.Submit, 12),
        (StepKind.Settle, 6),
        (StepKind.BeginCheckpoint, 6),
        (StepKind.KeepCheckpoint, 6),
        (StepKind.ConfirmCheckpoint, 6),
        (StepKind.ClockBack, 1),
        (StepKind.Crash, 1));

    [Fact]
    public void Safety_WhateverHappens_HoldsFor_TheLimiter() => Holds(Ordinary, Mixed, 3000);

    [Fact]
    public void Safety_WhenClocksJumpWithinTheBound_HoldsFor_TheLimiter() => Property.Holds(
        WithClocksThatJump, history => Play(history, OnlyProviders, spec => new(spec), TimeSpan.FromMilliseconds(20) - (2 * Player.MostClockError)), 2000);

    [Fact]
    public void Safety_WhenTheClockIsSetBack_HoldsFor_TheLimiter() => Holds(WithClocksSetBack, Unphased, 2000);

    [Fact]
    public void Safety_WhenOutsidersUseTheKey_HoldsFor_TheLimiter() =>
        Property.Holds(WithOutsiders, history => Play(history, Buckets, spec => new(spec), TimeSpan.Zero, rounding: 1), 2000);

    [Fact]
    public void Safety_WhenTheProcessDiesAtAnyMoment_HoldsFor_TheLimiter() => Holds(WithCrashes, Durable, 3000);

    [Fact]
    public void Safety_FailsFor_OverAdmits() => Fails(Ordinary, Mixed, spec => new OverAdmits(spec));

    [Fact]
    public void Safety_FailsFor_ForgetsTheSharedLimit() => Fails(Ordinary, Mixed, spec => new ForgetsTheSharedLimit(spec));

    [Fact]
    public void Safety_FailsFor_ForgetsTheAccount() => Fails(Ordinary, Mixed, spec => new ForgetsTheAccount(spec));

    [Fact]
    public void Safety_FailsFor_ForgetsTheTenant() => Fails(Ordinary, Mixed, spec => new ForgetsTheTenant(spec));

    [Fact]
    public void Safety_FailsFor_ForgetsSurpluses() => Fails(Ordinary, Mixed, spec => new ForgetsSurpluses(spec));

    [Fact]
    public void Safety_FailsFor_ReleasesAllOnWaking() => Fails(Ordinary, Mixed, spec => new ReleasesAllOnWaking(spec));

    [Fact]
    public void Safety_FailsFor_BelievesNoReports() => Property.Fails(
        WithOutsiders, history => Play(history, Buckets, spec => new BelievesNoReports(spec), TimeSpan.Zero, rounding: 1), 1000);

    [Fact]
    public void Safety_FailsFor_ForgetsAcrossCrashes() => Fails(WithCrashes, Durable, spec => new ForgetsAcrossCrashes(spec), 3000);

    [Fact]
    public void Safety_FailsFor_WritesNothingAhead() => Fails(WithCrashes, Durable, spec => new WritesNothingAhead(spec));

    private static void Holds(Arbitrary<History> histories, WorldKind kind, int count) =>
        Property.Holds(histories, history => Play(history, kind, spec => new(spec), TimeSpan.FromMilliseconds(20)), count);

    private static void Fails(Arbitrary<History> histories, WorldKind kind, Func<LimiterSpec, LimiterUnderTest> make, int count = 1000) =>
        Property.Fails(histories, history => Play(history, kind, make, TimeSpan.FromMilliseconds(20)), count);

    private static void Play(History history, WorldKind kind, Func<LimiterSpec, LimiterUnderTest> make, TimeSpan jitter, double rounding = 0)
    {
        var world = Worlds.Make(history.World, kind);
        var oracle = new SafetyOracle(world, history.World) { Jitter = jitter, Rounding = rounding };
        var player = new Player(world, make, oracle) { Readings = oracle.ReadingsOf, Answer = Answers.Any };
        player.Play(history);
        oracle.Ended(player, player.Now);
    }
}
