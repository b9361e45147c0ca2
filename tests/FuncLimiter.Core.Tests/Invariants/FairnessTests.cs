using FsCheck;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Tests.Invariants.Broken;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Invariant 3: backlogged tenants of one class get service by weight, to within one call of each, however their sizes differ; whoever was
/// idle begins with the others, neither ahead nor behind.
/// </summary>
public class FairnessTests
{
    private static readonly Arbitrary<History> Histories = History.Of(
        120, (StepKind.Submit, 6), (StepKind.Burst, 4), (StepKind.Settle, 6), (StepKind.SettleAll, 2), (StepKind.Cancel, 1));

    [Fact]
    public void Fairness_HoldsFor_TheLimiter() => Property.Holds(Histories, history => Play(history, spec => new(spec), Worlds.Exact), 2000);

    [Fact]
    public void Fairness_WhenCallsComeToLessThanForeseen_HoldsFor_TheLimiter() =>
        Property.Holds(Histories, history => Play(history, spec => new(spec), Less), 2000);

    [Fact]
    public void Fairness_FailsFor_KnowsNoTenants() => Fails(spec => new KnowsNoTenants(spec));

    [Fact]
    public void Fairness_FailsFor_IgnoresWeights() => Fails(spec => new IgnoresWeights(spec));

    [Fact]
    public void Fairness_FailsFor_CountsCallsNotSizes() => Fails(spec => new CountsCallsNotSizes(spec));

    [Fact]
    public void Fairness_FailsFor_SavesUpWhileIdle() => Fails(spec => new SavesUpWhileIdle(spec));

    private static void Fails(Func<LimiterSpec, LimiterUnderTest> make) => Property.Fails(Histories, history => Play(history, make, Worlds.Exact), 1000);

    private static void Play(History history, Func<LimiterSpec, LimiterUnderTest> make, Func<Ask, Charge, Charge> final)
    {
        var world = Worlds.Competing(history.World);
        var oracle = new FairnessOracle(world) { AllowsForRefunds = final != Worlds.Exact };
        new Player(world, make, oracle) { AskOf = Worlds.Competitor, FinalOf = final }.Play(history);
    }

    private static Charge Less(Ask ask, Charge held) => held with { Concurrent = 0, Tokens = held.Tokens * (ask.Id * 31 % 100) / 100 };
}
