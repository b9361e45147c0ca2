using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Leasing;

public class DivisionTests
{
    private static readonly double[] Floors = [0, 0.1, 0.05];

    /// <summary>The numbers of the example at <see cref="Division"/>.</summary>
    [Fact]
    public void Divide_ByClassesWithFloors_ThenTenantsByWeight_ThenInstancesByWhatTheyWant()
    {
        Claim[] claims =
        [
            new(0, "acme", 3, Priority.Interactive, 60),
            new(1, "beta", 1, Priority.Interactive, 25),
            new(2, "beta", 1, Priority.Interactive, 25),
            new(0, "acme", 3, Priority.Background, 40),
        ];

        Assert.Equal([60, 17.5, 17.5, 5], Division.Divide(100, claims, Floors));
    }

    [Fact]
    public void Divide_WhenThereIsEnough_GivesAllWhatTheyWant() => Assert.Equal(
        [30, 20, 10],
        Division.Divide(100, [new(0, "a", 1, Priority.Background, 30), new(0, "b", 9, Priority.Interactive, 20), new(1, "a", 1, Priority.Standard, 10)], Floors));

    [Fact]
    public void Divide_OverRandomClaims_IsMaxMinFair()
    {
        var random = new Random(1);
        for (var i = 0; i < 2_000; i++)
        {
            var claims = Enumerable.Range(0, random.Next(1, 12))
                .Select(_ => random.Next(4))
                .Select(tenant => new Claim(random.Next(3), "t" + tenant, 1 + tenant, (Priority)random.Next(3), random.Next(4) == 0 ? 0 : random.Next(100)))
                .ToArray();
            var amount = random.Next(0, 300);

            var given = Division.Divide(amount, claims, Floors);

            Assert.All(given.Zip(claims), pair => Assert.InRange(pair.First, 0, pair.Second.Wants + 1e-9));
            Assert.Equal(Math.Min(amount, claims.Sum(claim => claim.Wants)), given.Sum(), 1e-6);
            foreach (var ofClass in claims.Zip(given).GroupBy(pair => pair.First.Priority))
            {
                // Whoever gets less than it wants gets, by weight, no less than anybody else of its class.
                var tenants = ofClass.GroupBy(pair => (pair.First.Tenant, pair.First.Weight))
                    .Select(own => (ByWeight: own.Sum(pair => pair.Second) / own.Key.Weight, IsShort: own.Sum(pair => pair.Second) < own.Sum(pair => pair.First.Wants) - 1e-6))
                    .ToArray();
                Assert.All(tenants.Where(tenant => tenant.IsShort), tenant => Assert.True(tenant.ByWeight >= tenants.Max(other => other.ByWeight) - 1e-6));
            }
        }
    }
}
