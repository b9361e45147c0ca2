using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;

namespace FuncLimiter.Core.Tests.Estimation;

public class EstimatorTests
{
    private static readonly EstimateKey Step = new("gpt-x", "review", "summarise");

    [Fact]
    public void Estimate_WhenNothingIsKnown_StartsFromTheDefaults()
    {
        var estimate = new Estimator().Estimate(Step, new PromptSize(3_500, 2), maxOutputTokens: null, choices: 3);

        Assert.Equal(new TokenEstimate(1_068 + 3_200, 3 * 1_024, 0), estimate);
    }

    [Theory]
    [InlineData(100L, 1, 100)]
    [InlineData(100L, 4, 400)]
    [InlineData(100_000L, 1, 1_024)]
    [InlineData(0L, 1, 0)]
    [InlineData(-5L, 1, 0)]
    [InlineData(long.MaxValue, int.MaxValue, 1_024L * int.MaxValue)]
    [InlineData(null, 0, 1_024)]
    public void Estimate_WhenNothingIsKnown_BoundsOutputByMaxTokensTimesChoices(long? max, int choices, long expected) =>
        Assert.Equal(expected, new Estimator().Estimate(Step, new PromptSize(10, 0), max, choices).OutputTokens);

    [Fact]
    public void Estimate_WhenNarrowestIsNotKnownYet_FallsBackFromStepToWorkflowToModel()
    {
        var estimator = new Estimator();
        Teach(estimator, new("gpt-x", "other", "x"), times: 1_000, output: 100);
        Assert.InRange(Output(estimator, Step), 100, 110);

        Teach(estimator, new("gpt-x", "review", "y"), times: 100, output: 400);
        Assert.InRange(Output(estimator, Step), 400, 430);

        Teach(estimator, Step, times: 9, output: 800);
        Assert.InRange(Output(estimator, Step), 400, 830);

        Teach(estimator, Step, times: 2, output: 800);
        Assert.InRange(Output(estimator, Step), 800, 850);
        Assert.InRange(Output(estimator, new("gpt-x", null, "summarise")), 100, 850);
        Assert.Equal(1_024, Output(estimator, new("gpt-y", "review", "summarise")));
    }

    [Fact]
    public void Estimate_WhileFewCallsWereSeen_NeverGoesBelowTheDefaults()
    {
        var estimator = new Estimator();
        Teach(estimator, Step, times: 5, output: 10);
        Assert.Equal(1_024, Output(estimator, Step));

        Teach(estimator, Step, times: 1, output: 5_000);
        Assert.True(Output(estimator, Step) >= 5_000);
    }

    [Fact]
    public void Estimate_OnceTextWasSeen_UsesTheModelsOwnBytesPerToken()
    {
        var estimator = new Estimator();
        for (var i = 0; i < 200; i++)
        {
            estimator.Learn(new("gpt-x"), new PromptSize(5_000 + i, 0), new TokenUsage(8 + (5_000 + i) / 5, 10));
        }

        Assert.InRange(estimator.Estimate(Step, new PromptSize(10_000, 0), null, 1).InputTokens, 2_008, 2_090);
        Assert.InRange(estimator.Estimate(new("gpt-y"), new PromptSize(10_000, 0), null, 1).InputTokens, 2_866, 3_050);
    }

    [Fact]
    public void Estimate_OfAKindOfTextNotSeen_KnowsWhatARequestCostsFromTheKindsSeen()
    {
        var estimator = new Estimator();
        for (var i = 0; i < 60; i++)
        {
            estimator.Learn(new("gpt-x"), new PromptSize(1) { Tokens = 1, Content = ContentKind.Prose }, new TokenUsage(41, 10));
        }

        Assert.InRange(estimator.Estimate(new("gpt-x"), new PromptSize(1) { Tokens = 1, Content = ContentKind.Dense }, null, 1).InputTokens, 40, 43);
        Assert.InRange(estimator.Estimate(new("gpt-x"), new PromptSize(4_000) { Tokens = 2_000, Content = ContentKind.Dense }, null, 1).InputTokens, 2_040, 2_170);
    }

    [Fact]
    public void Estimate_OnceImagesWereSeen_UsesTheirOwnCost()
    {
        var estimator = new Estimator();
        for (var i = 0; i < 100; i++)
        {
            estimator.Learn(Step, new PromptSize(4_000, 0), new TokenUsage(8 + 1_000, 10));
            estimator.Learn(Step, new PromptSize(4_000, 2), new TokenUsage(8 + 1_000 + 2 * 700, 10));
        }

        Assert.InRange(estimator.Estimate(Step, new PromptSize(8_000, 3), null, 1).InputTokens, 2_008 + 2_100, 2_008 + 2_250);
    }

    [Fact]
    public void Estimate_OfCachedInput_IsWhatMostCallsOfThatVeryStepRead()
    {
        var estimator = new Estimator();
        for (var i = 0; i < 300; i++)
        {
            estimator.Learn(Step, new PromptSize(4_000, 0), new TokenUsage(1_000, 10, CacheReadTokens: i % 20 == 0 ? 0 : 800 + i % 10));
        }

        var known = estimator.Estimate(Step, new PromptSize(4_000, 0), null, 1);
        Assert.InRange((double)known.CachedInputTokens / known.InputTokens, 0.78, 0.81);
        Assert.Equal(0, estimator.Estimate(Step with { Step = "new" }, new PromptSize(4_000, 0), null, 1).CachedInputTokens);
    }

    [Fact]
    public void Estimate_OfCachedInput_StopsSoonAfterTheCacheIsCold()
    {
        var estimator = new Estimator();
        for (var i = 0; i < 1_000; i++)
        {
            estimator.Learn(Step, new PromptSize(4_000, 0), new TokenUsage(1_000, 10, CacheReadTokens: 900));
        }

        for (var i = 0; i < 40; i++)
        {
            estimator.Learn(Step, new PromptSize(4_000, 0), new TokenUsage(1_000, 10));
        }

        Assert.Equal(0, estimator.Estimate(Step, new PromptSize(4_000, 0), null, 1).CachedInputTokens);
    }

    [Fact]
    public void Learn_OfUsageThatMakesNoSense_TeachesNothing()
    {
        var estimator = new Estimator();
        TokenUsage[] garbage =
        [
            new(0, 0), new(-1, 5), new(5, -1), new(5, Estimator.MaxTokens + 1), new(long.MaxValue, 5), new(long.MinValue, long.MinValue),
            new(100, 5, CacheReadTokens: 101), new(100, 5, CacheReadTokens: -1),
        ];
        for (var i = 0; i < 100; i++)
        {
            foreach (var usage in garbage)
            {
                estimator.Learn(Step, new PromptSize(1_000, 0), usage);
            }

            estimator.Learn(Step, new PromptSize(-1, 0), new TokenUsage(10, 10));
            estimator.Learn(Step, new PromptSize(1, -1), new TokenUsage(10, 10));
        }

        Assert.Equal(0, estimator.Count);
        Assert.Equal(new Estimator().Estimate(Step, new PromptSize(1_000, 1), null, 1), estimator.Estimate(Step, new PromptSize(1_000, 1), null, 1));
    }

    [Fact]
    public void Learn_OfInputThatItsTextCannotExplain_TeachesOutputOnly()
    {
        var estimator = new Estimator();
        for (var i = 0; i < 100; i++)
        {
            estimator.Learn(Step, new PromptSize(100, 0), new TokenUsage(1_000_000, 50));
        }

        var estimate = estimator.Estimate(Step, new PromptSize(3_500, 0), null, 1);
        Assert.Equal(new Estimator().Estimate(Step, new PromptSize(3_500, 0), null, 1).InputTokens, estimate.InputTokens);
        Assert.InRange(estimate.OutputTokens, 50, 53);
    }

    [Fact]
    public void Learn_OfEverNewNames_KeepsAsManyKeysAsAllowedAndForgetsTheLeastUsed()
    {
        var estimator = new Estimator(new() { MaxKeys = 100 });
        Teach(estimator, Step, times: 50, output: 300);
        for (var i = 0; i < 10_000; i++)
        {
            estimator.Learn(new("gpt-x", "w" + i, "s" + i), new PromptSize(100, 0), new TokenUsage(100, 10));
            estimator.Estimate(Step, new PromptSize(100, 0), null, 1);
        }

        Assert.Equal(100, estimator.Count);
        Assert.InRange(Output(estimator, Step), 300, 320);
    }

    [Fact]
    public void Learn_OfVeryLongNames_CountsThemAsNotGiven()
    {
        var estimator = new Estimator();
        var name = new string('x', EstimateKey.MaxNameLength + 1);
        Teach(estimator, new("gpt-x", name, name), times: 20, output: 10);

        Assert.Equal(1, estimator.Count);
        Assert.InRange(Output(estimator, new("gpt-x")), 10, 11);
    }

    [Fact]
    public void Learn_OfKnownKeys_AllocatesNothing()
    {
        var estimator = new Estimator();
        Teach(estimator, Step, times: 100, output: 10);
        Output(estimator, Step);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1_000; i++)
        {
            estimator.Estimate(Step, new PromptSize(1_000, 1), 100, 1);
            estimator.Learn(Step, new PromptSize(1_000, 0), new TokenUsage(300, 10));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Import_OfWhatWasExportedAsJson_ForeseesTheSame()
    {
        var first = new Estimator();
        for (var i = 1; i < 500; i++)
        {
            first.Learn(Step, new PromptSize(i * 10, i % 3), new TokenUsage(i * 3 + i % 3 * 500, i % 40 * 20 + 1, CacheReadTokens: i));
        }

        var second = new Estimator();

        var json = JsonSerializer.Serialize(first.Export());
        Assert.Equal(first.Count, second.Import(JsonSerializer.Deserialize<EstimatorState>(json)!));

        Assert.Equal(first.Estimate(Step, new PromptSize(5_000, 2), 4_000, 1), second.Estimate(Step, new PromptSize(5_000, 2), 4_000, 1));
        Assert.Equal(first.Estimate(new("gpt-x", "new"), new PromptSize(5_000, 2), 4_000, 1), second.Estimate(new("gpt-x", "new"), new PromptSize(5_000, 2), 4_000, 1));
    }

    [Fact]
    public void Import_OfADamagedProfile_LeavesItOutAndTakesTheRest()
    {
        var first = new Estimator();
        Teach(first, Step, times: 50, output: 300);
        var state = first.Export();
        var damaged = state.Profiles[0] with { Output = new HistogramState([1], []) };

        var second = new Estimator();
        Assert.Equal(2, second.Import(new EstimatorState([damaged, damaged with { Model = null! }, .. state.Profiles.Skip(1)])));
        Assert.InRange(Output(second, new("gpt-x")), 300, 320);
    }

    [Fact]
    public void Import_OfMoreThanFits_KeepsTheMostRecentlyUsed()
    {
        var first = new Estimator();
        for (var i = 0; i < 50; i++)
        {
            Teach(first, new("gpt-" + i), times: 20, output: 300);
        }

        var second = new Estimator(new() { MaxKeys = 10 });
        second.Import(first.Export());

        Assert.Equal(10, second.Count);
        Assert.InRange(Output(second, new("gpt-49")), 300, 320);
        Assert.Equal(1_024, Output(second, new("gpt-39")));
    }

    [Fact]
    public void Options_OutsideTheirRange_AreRefused()
    {
        EstimatorOptions[] wrong =
        [
            new() { OutputQuantile = 1 }, new() { ImageQuantile = 0 }, new() { CachedQuantile = double.NaN }, new() { BytesPerToken = 0 },
            new() { HalfLifeCalls = 0 }, new() { MaxKeys = 0 }, new() { OutputTokens = -1 }, new() { TokensPerImage = -1 },
        ];
        Assert.All(wrong, options => Assert.Throws<ArgumentOutOfRangeException>(() => new Estimator(options)));
    }

    private static long Output(Estimator estimator, in EstimateKey key) => estimator.Estimate(key, new PromptSize(1_000, 0), null, 1).OutputTokens;

    private static void Teach(Estimator estimator, in EstimateKey key, int times, int output)
    {
        for (var i = 0; i < times; i++)
        {
            estimator.Learn(key, new PromptSize(1_000, 0), new TokenUsage(300, output));
        }
    }
}
