namespace FuncLimiter.Fuzzing.Tests;

/// <summary>Whatever arrives at a parser is read or refused: a short run over each. The long one is this project's program.</summary>
public sealed class FuzzTests
{
    private const int Seed = 20261129;
    private const int Most = 6000;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Parser_ReadsOrRefusesWhateverArrives(string name)
    {
        var target = FuzzTargets.All.Single(target => target.Name == name);

        var report = target.Fuzz(Seed, Most, Longest);

        Assert.True(report.Failures.Count == 0, string.Join("\n\n", report.Failures));
        Assert.True(report.Inputs > target.Corpus.Count, $"Only {report.Inputs} inputs were read, and {target.Corpus.Count} are real ones.");
    }

    [Fact]
    public void Mutator_GivesTheSameInputsForOneSeed_AndOthersForAnother()
    {
        byte[][] corpus = ["""{"model":"gpt-x","max_tokens":5}"""u8.ToArray()];
        string[] Of(int seed)
        {
            var mutator = new Mutator(corpus, seed);
            return [.. Enumerable.Range(0, 200).Select(_ => Convert.ToBase64String(mutator.Next()))];
        }

        Assert.Equal(Of(1), Of(1));
        Assert.NotEqual(Of(1), Of(2));
        Assert.True(Of(1).Distinct().Count() > 150);
    }

    [Fact]
    public void Fuzz_OfAParserThatFails_TellsTheInputOncePerPlace()
    {
        var target = new FuzzTarget("broken", ["{}"u8.ToArray()], input =>
        {
            if (input.Contains((byte)'"'))
            {
                throw new InvalidOperationException("a quote");
            }
        });

        var report = target.Fuzz(1, 1000, TimeSpan.FromSeconds(30));

        Assert.Contains((byte)'"', Assert.Single(report.Failures).Input);
        Assert.Equal(1000, report.Inputs);
    }
}
