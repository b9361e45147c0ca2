using FuncLimiter.Simulation.Virtual;

namespace FuncLimiter.Simulation.Tests.Virtual;

public class ChanceTests
{
    [Fact]
    public void Chance_OfOneSeed_IsAlwaysTheSame() => Assert.Equal(Draw(new Chance(7, 3)), Draw(new Chance(7, 3)));

    [Fact]
    public void Chance_OfOtherStreams_Differs() => Assert.NotEqual(Draw(new Chance(7, 3)), Draw(new Chance(7, 4)));

    [Fact]
    public void Normal_OverManyDraws_HasMeanZeroAndDeviationOne()
    {
        var chance = new Chance(1);
        var draws = Enumerable.Range(0, 100_000).Select(_ => chance.Normal()).ToArray();

        Assert.Equal(0, draws.Average(), 0.02);
        Assert.Equal(1, draws.Average(draw => draw * draw), 0.03);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    [InlineData(2)]
    public void TokenSpread_OverManyDraws_KeepsItsMean(double spread)
    {
        var (chance, tokens) = (new Chance(2), new TokenSpread(1_000, spread));

        var mean = Enumerable.Range(0, 200_000).Average(_ => tokens.At(chance.Normal()));

        Assert.Equal(1_000, mean, 1_000 * 0.03);
    }

    [Fact]
    public void TokenSpread_OfNone_IsNone() => Assert.Equal(0, new TokenSpread(0, 0.5).At(3));

    private static ulong[] Draw(Chance chance) => [.. Enumerable.Range(0, 10).Select(_ => chance.Next())];
}
