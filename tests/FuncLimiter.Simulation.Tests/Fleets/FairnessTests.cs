using FuncLimiter.Simulation.Fleets;

namespace FuncLimiter.Simulation.Tests.Fleets;

public class FairnessTests
{
    [Fact]
    public void Jain_OfEqualShares_IsOne() => Assert.Equal(1, Fairness.Jain([7, 7, 7]), 12);

    [Fact]
    public void Jain_WhenOneHasEverything_IsOneOverAll() => Assert.Equal(0.25, Fairness.Jain([0, 0, 12, 0]), 12);

    [Fact]
    public void Jain_ByHand() => Assert.Equal(36.0 / (3 * 14), Fairness.Jain([1, 2, 3]), 12);

    [Fact]
    public void Jain_WhereNobodyHasAnything_ClaimsNothing()
    {
        Assert.Equal(0, Fairness.Jain([0, 0]));
        Assert.Equal(0, Fairness.Jain([]));
    }
}
