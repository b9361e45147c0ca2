using FsCheck;
using FsCheck.Fluent;
using FuncLimiter.Core.Pacing;

namespace FuncLimiter.Core.Tests.Pacing;

public class PacingProperties
{
    private static readonly PacingPolicy[] Policies =
    [
        PacingPolicy.Default,
        new() { MaxAttempts = 1 },
        new() { MaxAttempts = 10, MaxOverloads = 10, MaxWaits = 5, Hint = new() { Cap = TimeSpan.FromSeconds(20) } },
        new()
        {
            RerouteOnExhaustedQuota = false,
            Transient = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3)) { Jitter = BackoffJitter.Decorrelated },
        },
    ];

    [Fact]
    public void Next_DrivenThroughAnyWorld_EndsOnceAndKeepsEveryRule()
    {
        var tapes = Gen.Choose(0, 1_000_000).ArrayOf().Resize(60).Zip(Gen.Elements(Policies));
        var shrinkable = Arb.From(tapes, example => ArbMap.Default.ArbFor<int[]>().Shrinker(example.Item1).Select(tape => (tape, example.Item2)));
        var seen = new HashSet<Type>();

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3_000), Prop.ForAll(shrinkable, example =>
        {
            var driver = new RandomDriver(example.Item1, example.Item2);
            driver.Run();
            seen.UnionWith(driver.Seen);
            return (driver.Broken is null).Label(driver.Broken ?? "");
        }));
        Assert.Equal(typeof(PacingAction).GetNestedTypes().ToHashSet(), seen);
    }
}
