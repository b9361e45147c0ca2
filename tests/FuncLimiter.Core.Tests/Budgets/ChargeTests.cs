using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Budgets;

public class ChargeTests
{
    [Fact]
    public void Charge_HasAnAmountOfEachDimension_AndAddsThemUpEachByItself()
    {
        var charge = new Charge(1, 2, 3, 4, 5, 6);

        Assert.Equal([1, 2, 3, 4, 5, 6], Enum.GetValues<Dimension>().Select(dimension => charge[dimension]));
        Assert.Equal([2, 4, 6, 8, 10, 12], Enum.GetValues<Dimension>().Select(dimension => (charge + charge)[dimension]));
        Assert.Equal(Charge.None, charge - charge);
    }
}
