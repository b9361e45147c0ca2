using FsCheck;
using FsCheck.Fluent;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;

namespace FuncLimiter.Core.Tests.Estimation;

public class EstimatorProperties
{
    private static readonly EstimateKey Key = new("gpt-x", "review", "summarise");

    [Fact]
    public void Estimate_AfterAnyHistory_IsNeverAboveMaxTokensNorNegative()
    {
        var calls =
            from bytes in Gen.Choose(-10, 500_000)
            from images in Gen.Choose(-1, 5)
            from input in Gen.Choose(-100, 300_000)
            from output in Gen.Frequency((9, Gen.Choose(-100, 100_000)), (1, Gen.Elements(int.MinValue, int.MaxValue)))
            from cached in Gen.Choose(-10, 300_000)
            select (bytes, images, usage: new TokenUsage(input, output, cached));
        var cases =
            from history in calls.ListOf()
            from bytes in Gen.Choose(-10, int.MaxValue)
            from max in Gen.Frequency((1, Gen.Constant<long?>(null)), (5, Gen.Choose(0, 200_000).Select(value => (long?)value)))
            from choices in Gen.Choose(-1, 10)
            select (history, bytes, max, choices);

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3_000), Prop.ForAll(cases.ToArbitrary(), example =>
        {
            var estimator = new Estimator(new() { MaxKeys = 8 });
            foreach (var (bytes, images, usage) in example.history)
            {
                estimator.Learn(Key, new PromptSize(bytes, images), usage);
            }

            var estimate = estimator.Estimate(Key, new PromptSize(example.bytes, 1), example.max, example.choices);
            return estimate.OutputTokens >= 0
                && (example.max is null || estimate.OutputTokens <= example.max * Math.Max(1, example.choices))
                && estimate.InputTokens >= 0
                && estimate.CachedInputTokens >= 0 && estimate.CachedInputTokens <= estimate.InputTokens;
        }));
    }

    [Fact]
    public void Estimate_OnAnySteadyDistribution_HoldsForTheStatedShareOfCallsAndNotForMuchMore()
    {
        var cases = Gen.Choose(0, int.MaxValue - 1).Zip(Gen.Elements(0.7, 0.9, 0.97)).ToArbitrary();

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(17, 17), Prop.ForAll(cases, example =>
        {
            var (seed, quantile) = example;
            var random = new Random(seed);
            var draw = Distribution(random);
            var estimator = new Estimator(new() { OutputQuantile = quantile });
            for (var i = 0; i < 1_500; i++)
            {
                estimator.Learn(Key, new PromptSize(1_000, 0), new TokenUsage(300, draw()));
            }

            var estimate = estimator.Estimate(Key, new PromptSize(1_000, 0), null, 1).OutputTokens;
            var truth = Enumerable.Range(0, 4_000).Select(_ => draw()).Order().ToArray();
            var held = truth.Count(value => value <= estimate) / (double)truth.Length;
            var atMost = truth[(int)Math.Min(truth.Length - 1, (quantile + 0.08) * truth.Length)];
            return held >= quantile - 0.08 && estimate <= atMost * 1.07 + 1;
        }));
    }

    [Fact]
    public void Estimate_OfInput_IsCloseAndNeverFarBelowWhateverTheText()
    {
        var cases = Gen.Choose(0, int.MaxValue - 1).ToArbitrary();

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(17, 17), Prop.ForAll(cases, seed =>
        {
            var random = new Random(seed);
            var bytesPerToken = 1.2 + 5 * random.NextDouble();
            var perRequest = random.Next(0, 400);
            var spread = 0.2 * random.NextDouble();
            var estimator = new Estimator();
            (int Bytes, int Tokens) Next()
            {
                var bytes = (int)Math.Exp(Math.Log(400_000) * random.NextDouble());
                return (bytes, (int)Math.Max(1, perRequest + bytes / bytesPerToken * (1 + spread * (random.NextDouble() - 0.5))));
            }

            for (var i = 0; i < 30; i++)
            {
                var (bytes, tokens) = Next();
                estimator.Learn(Key, new PromptSize(bytes), new TokenUsage(tokens, 10));
            }

            var (close, low) = (0, 0);
            for (var i = 0; i < 1_000; i++)
            {
                var (bytes, tokens) = Next();
                var estimate = estimator.Estimate(Key, new PromptSize(bytes), null, 1).InputTokens;
                close += Math.Abs(estimate - tokens) <= Math.Max(2, 0.15 * tokens) ? 1 : 0;
                low += estimate < (0.85 * tokens) - 2 ? 1 : 0;
                estimator.Learn(Key, new PromptSize(bytes), new TokenUsage(tokens, 10));
            }

            return (close >= 950 && low <= 1).Label($"close {close}, low {low}, spread {spread}, {perRequest} a request, {bytesPerToken} bytes a token");
        }));
    }

    [Fact]
    public void Estimate_OfALargePrompt_IsNotMovedBySmallOnesHoweverMany()
    {
        var cases = Gen.Choose(1, 8).Zip(Gen.Choose(1, 5_000)).Zip(Gen.Choose(5, 200)).ToArbitrary();

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(17, 17), Prop.ForAll(cases, example =>
        {
            var ((bytes, times), tokens) = example;
            var fresh = new Estimator().Estimate(Key, new PromptSize(30_000), null, 1).InputTokens;
            var taught = new Estimator();
            Teach(taught, new TokenUsage(7_483, 10), 30_000, 30);
            var known = taught.Estimate(Key, new PromptSize(30_000), null, 1).InputTokens;
            var cold = new Estimator();
            Teach(cold, new TokenUsage(tokens, 10), bytes, times);
            Teach(taught, new TokenUsage(tokens, 10), bytes, times);
            var (after, afterAll) = (cold.Estimate(Key, new PromptSize(30_000), null, 1).InputTokens, taught.Estimate(Key, new PromptSize(30_000), null, 1).InputTokens);
            return (Math.Abs(after - fresh) <= 0.05 * fresh && Math.Abs(afterAll - known) <= 0.05 * known).Label($"{fresh} {after}, {known} {afterAll}");
        }));
    }

    [Fact]
    public void Estimate_OfATenant_IsMovedByOthersWithinBoundsHoweverManyTheirCalls()
    {
        var cases = Gen.Choose(1, 400_000).Zip(Gen.Choose(1, 2_000_000)).Zip(Gen.Elements(Enum.GetValues<ContentKind>())).ToArbitrary();

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(100).WithReplay(17, 17), Prop.ForAll(cases, example =>
        {
            var ((bytes, tokens), content) = example;
            var estimator = new Estimator();
            var (mine, new1, theirs) = (Key with { Tenant = "mine" }, Key with { Tenant = "new" }, Key with { Tenant = "theirs" });
            var fresh = estimator.Estimate(mine, new PromptSize(10_000), null, 1).InputTokens;
            for (var i = 0; i < 40; i++)
            {
                estimator.Learn(mine, new PromptSize(10_000), new TokenUsage(2_500, 300));
            }

            var known = estimator.Estimate(mine, new PromptSize(10_000), null, 1);
            for (var i = 0; i < 3_000; i++)
            {
                estimator.Learn(theirs, new PromptSize(bytes) { Content = content }, new TokenUsage(tokens, 100_000));
            }

            var beside = estimator.Estimate(new1, new PromptSize(10_000), null, 1).InputTokens;
            return (estimator.Estimate(mine, new PromptSize(10_000), null, 1) == known && beside >= fresh / 2 && beside <= 2 * fresh + 2_000)
                .Label($"{known} {estimator.Estimate(mine, new PromptSize(10_000), null, 1)}, {fresh} {beside}");
        }));
    }

    [Fact]
    public void Estimate_WhenTheDistributionDrifts_FollowsUpSoonAndDownInAFewHalfLives()
    {
        var cases = Gen.Choose(10, 2_000).Zip(Gen.Choose(2, 50)).ToArbitrary();

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(cases, example =>
        {
            var (low, factor) = example;
            var high = low * factor;
            var estimator = new Estimator();
            Teach(estimator, low, 2_000);
            Teach(estimator, high, 40);
            var up = Estimate(estimator);
            Teach(estimator, high, 2_000);
            Teach(estimator, low, 800);
            var down = Estimate(estimator);
            return up >= high && down <= low * 1.07 + 1;
        }));
    }

    private static void Teach(Estimator estimator, in TokenUsage usage, int bytes, int times)
    {
        for (var i = 0; i < times; i++)
        {
            estimator.Learn(Key, new PromptSize(bytes), usage);
        }
    }

    private static long Estimate(Estimator estimator) => estimator.Estimate(Key, new PromptSize(1_000, 0), null, 1).OutputTokens;

    private static void Teach(Estimator estimator, int output, int times)
    {
        for (var i = 0; i < times; i++)
        {
            estimator.Learn(Key, new PromptSize(1_000, 0), new TokenUsage(300, output));
        }
    }

    private static Func<int> Distribution(Random random)
    {
        var scale = Math.Exp(2 + 7 * random.NextDouble());
        var shape = 0.1 + 1.5 * random.NextDouble();
        return random.Next(5) switch
        {
            0 => () => Tokens(scale),
            1 => () => Tokens(scale * random.NextDouble()),
            2 => () => Tokens(scale * Math.Exp(shape * Normal(random))),
            3 => () => Tokens(random.NextDouble() < 0.5 ? 0.1 * scale : scale * (1 + random.NextDouble())),
            _ => () => Tokens(-scale * Math.Log(1 - random.NextDouble())),
        };

        static int Tokens(double value) => (int)Math.Clamp(Math.Ceiling(value), 1, Estimator.MaxTokens);
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
