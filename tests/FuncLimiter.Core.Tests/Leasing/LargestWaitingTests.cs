using FuncLimiter.Core.Leasing;

namespace FuncLimiter.Core.Tests.Leasing;

public class LargestWaitingTests
{
    [Fact]
    public void Value_WhenNothingWaits_IsZero() => Assert.Equal(0, new LargestWaiting().Value);

    [Fact]
    public void Value_WhileAmountsComeAndGo_IsAtLeastTheLargestAndLessThanTwiceIt()
    {
        var random = new Random(1);
        var largest = new LargestWaiting();
        var present = new List<long>();
        for (var i = 0; i < 20_000; i++)
        {
            if (present.Count == 0 || random.Next(2) == 0 && present.Count < 50)
            {
                present.Add((long)Math.Exp(20 * random.NextDouble()));
                largest.Count(present[^1], 1);
            }
            else
            {
                var gone = random.Next(present.Count);
                largest.Count(present[gone], -1);
                present.RemoveAt(gone);
            }

            var most = present.DefaultIfEmpty(0).Max();
            Assert.InRange(largest.Value, most, Math.Max(0, 2 * most - 1));
        }
    }

    [Fact]
    public void Value_OnceTheOnlyLargeOneIsGone_IsThatOfTheRest()
    {
        var largest = new LargestWaiting();
        largest.Count(1_000_000, 1);
        largest.Count(7, 1);
        largest.Count(1_000_000, -1);
        Assert.Equal(7, largest.Value);
    }
}
