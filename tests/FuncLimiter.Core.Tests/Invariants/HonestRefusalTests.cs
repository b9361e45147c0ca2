using FsCheck;
using FuncLimiter.Core.Tests.Invariants.Broken;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Invariant 7: every refusal names a budget and a time to come, or says truly that the call can never fit. Whether who comes back at that time
/// is taken: <see cref="ComebackTests"/>.
/// </summary>
public class HonestRefusalTests
{
    private static readonly WorldKind Mixed = new() { MaxWaiting = 8 };
    private static readonly Arbitrary<History> Histories = History.Of(
        100, (StepKind.Submit, 12), (StepKind.Burst, 1), (StepKind.Settle, 5), (StepKind.Observe, 1), (StepKind.Cancel, 1), (StepKind.Close, 1));

    [Fact]
    public void HonestRefusals_HoldFor_TheLimiter() => Property.Holds(Histories, history => Play(history, spec => new(spec)), 2000);

    [Fact]
    public void HonestRefusals_FailFor_NamesNoBudget() => Fails(spec => new NamesNoBudget(spec));

    [Fact]
    public void HonestRefusals_FailFor_SaysNow() => Fails(spec => new SaysNow(spec));

    [Fact]
    public void HonestRefusals_FailFor_CallsAllTooLarge() => Fails(spec => new CallsAllTooLarge(spec));

    private static void Fails(Func<LimiterSpec, LimiterUnderTest> make) => Property.Fails(Histories, history => Play(history, make), 3000);

    private static void Play(History history, Func<LimiterSpec, LimiterUnderTest> make)
    {
        var world = Worlds.Make(history.World, Mixed);
        new Player(world, make, new RefusalOracle(world)) { Answer = Answers.Rest }.Play(history);
    }
}
