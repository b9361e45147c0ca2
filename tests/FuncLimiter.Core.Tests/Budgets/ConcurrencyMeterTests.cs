using FuncLimiter.Core.Budgets;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Budgets;

public class ConcurrencyMeterTests
{
    private readonly ConcurrencyMeter meter = new(new(Dimension.Concurrent, 2, TimeSpan.Zero, LimitAlgorithm.Concurrency), Caution.None());

    [Fact]
    public void FitsAt_WhenAllPlacesAreTaken_HangsOnASettlement()
    {
        meter.Take(1, At(0));
        Assert.Equal(At(0), meter.FitsAt(1, At(0)));
        meter.Take(1, At(0));

        Assert.Equal(Instant.Unknown, meter.FitsAt(1, At(0)));
        Assert.Equal(Instant.Unknown, meter.WholeAt(At(1000)));
    }

    [Fact]
    public void Settle_GivesThePlaceBackHoweverLate()
    {
        meter.Take(1, At(0));
        meter.Take(1, At(0));

        meter.Settle(1, 0, At(0), At(100_000));

        Assert.Equal(At(100_000), meter.FitsAt(1, At(100_000)));
        Assert.Equal(1, meter.Used(At(100_000)));
    }

    [Fact]
    public void FitsAt_WhenMoreIsAskedThanThereArePlaces_IsNever() => Assert.Equal(Instant.Never, meter.FitsAt(3, At(0)));

    [Fact]
    public void Restore_StartsWithNothingUnderWay()
    {
        meter.Take(2, At(0));
        var other = new ConcurrencyMeter(meter.Limit, Caution.None());

        other.Restore(meter.Save(1, At(1)), At(1));

        Assert.Equal(At(1), other.FitsAt(2, At(1)));
    }
}
