using FsCheck;
using FsCheck.Fluent;
using FuncLimiter.Core.Tests.Invariants.Broken;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Invariant 7: every refusal names a budget and a time to come, or says truly that the call can never fit; and at least 90 % of those who
/// come back at the time stated are taken, others behaving as before.
/// </summary>
public class HonestRefusalTests
{
    private static readonly WorldKind Mixed = new() { MaxWaiting = 8 };
    private static readonly Arbitrary<int> Overloads = Arb.From(Gen.Choose(0, int.MaxValue - 1));
    private static readonly Arbitrary<History> Histories = History.Of(
        100, (StepKind.Submit, 12), (StepKind.Burst, 1), (StepKind.Settle, 5), (StepKind.Observe, 1), (StepKind.Cancel, 1), (StepKind.Close, 1));

    [Fact]
    public void HonestRefusals_HoldFor_TheLimiter() => Property.Holds(Histories, history => Play(history, spec => new(spec)), 2000);

    [Fact]
    public void HonestRefusals_WhenRefusedCallersComeBackAtTheTimeStated_HoldFor_TheLimiter()
    {
        var (returned, taken) = Return(spec => new(spec), 400);

        Assert.True(returned > 10_000, $"Only {returned} came back.");
        Assert.True(taken >= 0.9 * returned, $"Of {returned} who came back {taken} were taken.");
    }

    [Fact]
    public void HonestRefusals_FailFor_SaysAlwaysTheSame()
    {
        var (returned, taken) = Return(spec => new SaysAlwaysTheSame(spec), 20);

        Assert.True(taken < 0.9 * returned, $"Of {returned} who came back {taken} were taken.");
    }

    [Fact]
    public void HonestRefusals_FailFor_ForgetsWhomItRefused()
    {
        var (returned, taken) = Return(spec => new ForgetsWhomItRefused(spec), 20);

        Assert.True(taken < 0.9 * returned, $"Of {returned} who came back {taken} were taken.");
    }

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

    private static (int Returned, int Taken) Return(Func<LimiterSpec, LimiterUnderTest> make, int count)
    {
        var (returned, taken) = (0, 0);
        Property.Holds(
            Overloads,
            seed =>
            {
                var overload = new Overload(seed);
                overload.Run(make);
                returned += overload.Returned;
                taken += overload.Taken;
            },
            count);
        return (returned, taken);
    }
}
