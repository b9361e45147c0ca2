using FsCheck;
using FsCheck.Fluent;
using FuncLimiter.Core.Pacing;

namespace FuncLimiter.Core.Tests.Pacing;

public class BackoffTests
{
    private static readonly BackoffPolicy Policy = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

    [Fact]
    public void Delay_OfTheDocumentedExample_IsAsWorkedThere()
    {
        var full = Enumerable.Range(1, 7).Select(attempt => Backoff.Delay(Policy, attempt, TimeSpan.Zero, 0.5).TotalSeconds);
        Assert.Equal([0.5, 1, 2, 4, 8, 15, 15], full);

        var decorrelated = Policy with { Jitter = BackoffJitter.Decorrelated };
        Assert.Equal(2, Backoff.Delay(decorrelated, 1, TimeSpan.Zero, 0.5).TotalSeconds);
        Assert.Equal(3.5, Backoff.Delay(decorrelated, 2, TimeSpan.FromSeconds(2), 0.5).TotalSeconds);
        Assert.Equal(15.5, Backoff.Delay(decorrelated, 9, TimeSpan.FromSeconds(500), 0.5).TotalSeconds);

        Assert.Equal(21, Backoff.Hinted(TimeSpan.FromSeconds(20), new() { MaxJitter = TimeSpan.FromMinutes(1) }, 0.5).TotalSeconds);
    }

    [Fact]
    public void Delay_WithAnyPolicyAndChance_StaysBetweenFloorAndCap()
    {
        var cases =
            from start in Gen.Choose(1, 5_000)
            from more in Gen.Choose(0, 100_000)
            from floor in Gen.Choose(0, start)
            from jitter in Gen.Elements(BackoffJitter.Full, BackoffJitter.Decorrelated)
            from attempt in Gen.Frequency((5, Gen.Choose(1, 20)), (1, Gen.Choose(1, int.MaxValue)))
            from previous in Gen.Choose(0, int.MaxValue)
            from chance in Gen.Choose(0, 999_999).Select(value => value / 1e6)
            let policy = new BackoffPolicy(TimeSpan.FromMilliseconds(start), TimeSpan.FromMilliseconds(start + more))
            {
                Floor = TimeSpan.FromMilliseconds(floor),
                Jitter = jitter,
            }
            select (policy, attempt, previous: TimeSpan.FromMilliseconds(previous), chance);

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(5_000), Prop.ForAll(cases.ToArbitrary(), example =>
        {
            var delay = Backoff.Delay(example.policy, example.attempt, example.previous, example.chance);
            return delay >= example.policy.Floor && delay <= example.policy.Cap;
        }));
    }

    [Fact]
    public void Exponential_DoublesUpToTheCapWhateverTheAttempt()
    {
        Assert.Equal([1, 2, 4, 8, 16, 30, 30], Enumerable.Range(1, 7).Select(attempt => Backoff.Exponential(Policy, attempt).TotalSeconds));
        Assert.Equal(Policy.Cap, Backoff.Exponential(Policy, int.MaxValue));
        Assert.Equal(Policy.Base, Backoff.Exponential(Policy, -1));
    }

    [Fact]
    public void Hinted_WithAnyHint_IsNeverEarlyAndLateByJitterOnly()
    {
        var cases =
            from hint in Gen.OneOf(Gen.Choose(-5_000, 7_200_000).Select(ms => TimeSpan.FromMilliseconds(ms)), Gen.Elements(TimeSpan.MinValue, TimeSpan.MaxValue))
            from chance in Gen.Choose(0, 999_999).Select(value => value / 1e6)
            select (hint, chance);
        var policy = new HintPolicy();

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(5_000), Prop.ForAll(cases.ToArbitrary(), example =>
        {
            var capped = example.hint < TimeSpan.Zero ? TimeSpan.Zero : example.hint > policy.Cap ? policy.Cap : example.hint;
            var delay = Backoff.Hinted(example.hint, policy, example.chance);
            return delay >= capped && delay <= capped + policy.MaxJitter && delay <= capped * (1 + policy.JitterShare) + policy.MinJitter;
        }));
    }

    [Fact]
    public void Chance_OverSeedsAndDraws_IsSpreadEvenlyAndRepeatable()
    {
        var draws = Enumerable.Range(0, 100).SelectMany(seed => Enumerable.Range(0, 100).Select(draw => Backoff.Chance((ulong)seed, draw))).ToArray();

        Assert.All(draws, chance => Assert.InRange(chance, 0, 1 - 1e-12));
        Assert.All(draws.GroupBy(chance => (int)(chance * 10)), tenth => Assert.InRange(tenth.Count(), 880, 1_120));
        Assert.Equal(10_000, draws.Distinct().Count());
        Assert.Equal(Backoff.Chance(7, 3), Backoff.Chance(7, 3));
    }
}
