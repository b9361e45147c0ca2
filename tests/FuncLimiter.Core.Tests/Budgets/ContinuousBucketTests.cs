using FuncLimiter.Core.Budgets;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Budgets;

public class ContinuousBucketTests
{
    [Fact]
    public void GiveBack_WhenTheBucketWouldHaveBeenFullMeanwhile_ReturnsOnlyWhatWouldStillBeThere()
    {
        // The worked example of the meter's remarks: 100 units, 10 a second.
        var bucket = Bucket(100, 10);
        bucket.Take(100, At(0));
        Assert.Equal(50, bucket.Used(At(5)), 6);
        bucket.Take(50, At(5));
        Assert.Equal(90, bucket.Used(At(6)), 6);

        bucket.Settle(100, 10, At(0), At(6));

        Assert.Equal(40, bucket.Used(At(6)), 6);
    }

    [Fact]
    public void GiveBack_WhenNothingElseWasTaken_LeavesWhatStands()
    {
        var bucket = Bucket(100, 10);
        bucket.Take(80, At(0));

        bucket.Settle(80, 30, At(0), At(1));

        Assert.Equal(20, bucket.Used(At(1)), 6);
        Assert.Equal(At(1), bucket.FitsAt(80, At(1)));
    }

    [Fact]
    public void GiveBack_WhenTheChargeHasFlownOffAlready_ReturnsNothing()
    {
        var bucket = Bucket(100, 10);
        bucket.Take(50, At(0));
        bucket.Take(60, At(20));

        bucket.Settle(50, 0, At(0), At(21));

        Assert.Equal(50, bucket.Used(At(21)), 6);
    }

    [Fact]
    public void Settle_WhenMoreWasUsed_CountsTheSurplusFromNow()
    {
        var bucket = Bucket(100, 10);
        bucket.Take(20, At(0));

        bucket.Settle(20, 90, At(0), At(10));

        Assert.Equal(70, bucket.Used(At(10)), 6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(37)]
    [InlineData(100)]
    public void FitsAt_IsTheFirstInstantAndNoEarlier(double amount)
    {
        var bucket = Bucket(100, 7);
        bucket.Take(100, At(0));

        var fits = bucket.FitsAt(amount, At(0));

        Assert.Equal(amount / 7, Since(fits), 1e-6);
        Assert.True(bucket.FitsAt(amount, fits - (Tick * 4)) > fits - (Tick * 4));
        Assert.Equal(fits, bucket.FitsAt(amount, fits));
    }

    [Fact]
    public void FitsAt_WhenTheAmountIsLargerThanTheBucket_IsNever() =>
        Assert.Equal(Instant.Never, Bucket(100, 10).FitsAt(101, At(0)));

    [Fact]
    public void FitsAt_WhenTheBucketIsUntouched_LetsOutItsWholeCapacity() =>
        Assert.Equal(At(0), Bucket(100, 10, new Caution()).FitsAt(100, At(0)));

    [Fact]
    public void FitsAt_WhenCallsArriveWithJitter_KeepsTheRefillOfOneJitterInHand()
    {
        // 100 units, 10 a second, 50 ms: half a unit is kept back.
        var bucket = Bucket(100, 10, new Caution());
        bucket.Take(60, At(0));

        Assert.Equal(At(0), bucket.FitsAt(39.5, At(0)));
        Assert.Equal(0.05, Since(bucket.FitsAt(40, At(0))), 1e-6);
    }

    [Fact]
    public void FitsAt_WhenTheWholeCapacityIsAskedFor_WaitsUntilTheBucketHasBeenFullForOneJitter()
    {
        var bucket = Bucket(100, 10, new Caution());
        bucket.Take(1, At(0));

        Assert.Equal(0.1 + Jitter, Since(bucket.FitsAt(100, At(0))), 1e-6);
    }

    [Fact]
    public void Capacity_WhenTheBurstIsShort_IsItsRefill()
    {
        var bucket = new ContinuousBucket(
            new Limit(Dimension.Tokens, 6000, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 6 }, Caution.None());

        Assert.Equal(600, bucket.Capacity);
        Assert.Equal(100, bucket.PerSecond);
    }

    [Fact]
    public void Take_WhenTimeRunsBackwards_CountsItAsStandingStill()
    {
        var bucket = Bucket(100, 10);
        bucket.Take(100, At(10));

        Assert.Equal(100, bucket.Used(At(3)), 6);
        Assert.Equal(15, Since(bucket.FitsAt(50, At(3))), 1e-6);
        bucket.Take(20, At(4));
        Assert.Equal(110, bucket.Used(At(11)), 6);
    }

    [Fact]
    public void WholeAt_IsWhenEverythingHasComeBack()
    {
        var bucket = Bucket(100, 10);
        Assert.Equal(At(0), bucket.WholeAt(At(0)));
        bucket.Take(70, At(0));

        Assert.Equal(7, Since(bucket.WholeAt(At(2))), 1e-6);
        Assert.Equal(0, bucket.Used(At(7.001)));
    }

    [Fact]
    public void Observe_WhenTheLimitIsSmallerThanConfigured_FollowsItAndNeverAboveWhatIsConfigured()
    {
        var bucket = Bucket(600, 10);

        bucket.Observe(new LimitReading(Dimension.Tokens, null, 300, null, null), new(At(0)), At(0));
        Assert.Equal(300, bucket.Capacity);
        Assert.Equal(5, bucket.PerSecond);

        bucket.Observe(new LimitReading(Dimension.Tokens, null, 9000, null, null), new(At(1)), At(1));
        Assert.Equal(600, bucket.Capacity);
        Assert.Equal(10, bucket.PerSecond);
    }

    [Fact]
    public void Observe_WhenTheLimitChanges_KeepsWhatIsUsedAndWhatMayComeBack()
    {
        var bucket = Bucket(600, 10);
        bucket.Take(500, At(0));

        bucket.Observe(new LimitReading(Dimension.Tokens, null, 300, null, null), new(At(10)), At(10));
        Assert.Equal(400, bucket.Used(At(10)), 6);
        Assert.Equal(350, bucket.Used(At(20)), 6);

        bucket.Settle(500, 300, At(0), At(20));
        Assert.Equal(150, bucket.Used(At(20)), 6);
    }

    [Fact]
    public void Reconsider_WhenCautionLowersTheLimit_LeavesWhatWasUsedAlone()
    {
        var caution = new Caution();
        var bucket = Bucket(60_000, 1000, caution);
        for (var second = 0; second < 3600; second++)
        {
            bucket.Take(1000, At(second));
        }

        var used = bucket.Used(At(3600));
        caution.Surprise(At(3600));
        caution.Surprise(At(3600));
        caution.Surprise(At(3600));
        bucket.Reconsider(At(3600));

        Assert.Equal(0.95 * 1000, bucket.PerSecond, 6);
        Assert.Equal(used, bucket.Used(At(3600)), 3);
    }

    [Fact]
    public void GiveBack_WhenCallsComeThickAndFast_StillReturnsNearlyAll()
    {
        // 1,000 a second for a minute, each call holding twice what it comes to two seconds later: half of what is held comes back.
        var bucket = new ContinuousBucket(new Limit(Dimension.Tokens, 60_000, Minute, LimitAlgorithm.Bucket) { BurstSeconds = 6 }, new Caution());
        var running = new Queue<Instant>();
        var (now, stands) = (At(0), 0.0);
        while (now < At(60))
        {
            while (running.TryPeek(out var sent) && sent + Seconds(2) <= now)
            {
                bucket.Settle(100, 50, running.Dequeue(), now);
            }

            if (bucket.FitsAt(100, now) <= now)
            {
                bucket.Take(100, now);
                running.Enqueue(now);
                stands += 50;
            }

            now += Seconds(0.01);
        }

        // Six seconds of burst are more than two seconds' calls hold in vain, so the whole refill is used.
        Assert.InRange(stands, 60_000, 66_000);
    }

    private static ContinuousBucket Bucket(long capacity, double perSecond, Caution? caution = null) =>
        new(new Limit(Dimension.Tokens, capacity, Seconds(capacity / perSecond), LimitAlgorithm.Bucket), caution ?? Caution.None());
}
