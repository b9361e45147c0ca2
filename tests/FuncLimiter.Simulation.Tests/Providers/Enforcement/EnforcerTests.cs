using FuncLimiter.Simulation.Providers;
using FuncLimiter.Simulation.Providers.Enforcement;

namespace FuncLimiter.Simulation.Tests.Providers.Enforcement;

/// <summary>The algorithms by worked numbers.</summary>
public class EnforcerTests
{
    [Fact]
    public void Bucket_HoldsItsBurstAndRefillsSteadily()
    {
        // 120,000 per minute are 2,000 a second; six seconds of that are 12,000.
        var bucket = new BucketEnforcer(LimitOptions.Tpm(120_000, burstSeconds: 6));

        Assert.Equal(12_000, bucket.Available(0));
        bucket.Take(12_000, 0);
        Assert.Equal(0, bucket.WaitFor(0, 0));
        Assert.Equal(0.25, bucket.WaitFor(500, 0), 9);
        Assert.Equal(6, bucket.ResetIn(0), 9);
        Assert.Equal(1000, bucket.Available(0.5), 6);
        Assert.Equal(12_000, bucket.Available(100), 6);
        Assert.True(double.IsPositiveInfinity(bucket.WaitFor(12_001, 100)));
        Assert.Equal(12_000, bucket.Largest, 6);
    }

    [Fact]
    public void Bucket_CouldHaveLetThroughItsBurstAndItsRefillSinceTheFirstCall()
    {
        var bucket = new BucketEnforcer(LimitOptions.Tpm(120_000, burstSeconds: 6));

        Assert.Equal(0, bucket.MostPossible(50));
        bucket.Open(100);
        bucket.Open(130);

        Assert.Equal(12_000, bucket.MostPossible(100), 6);
        Assert.Equal(12_000 + 2_000 * 60, bucket.MostPossible(160), 6);
    }

    [Fact]
    public void Bucket_WhoseLimitChanges_AddsUpWhatWasPossibleBeforeAndAfter()
    {
        var bucket = new BucketEnforcer(LimitOptions.Tpm(6_000));
        bucket.Open(0);
        bucket.Change(60, 30);

        Assert.Equal(6_000 + 100 * 30 + 1 * 10, bucket.MostPossible(40), 6);
        Assert.Equal(60, bucket.Available(40), 6);
    }

    [Fact]
    public void FixedWindow_StartsAnewAtEachBoundary()
    {
        var window = new FixedWindowEnforcer(LimitOptions.AzureTpm(1000, phase: TimeSpan.FromSeconds(15)));
        window.Open(10);
        window.Take(900, 10);

        Assert.Equal(5, window.WaitFor(200, 10), 9);
        Assert.Equal(100, window.Available(14.999), 6);
        Assert.Equal(1000, window.Available(15), 6);
        Assert.Equal(2000, window.MostPossible(15), 6);
        Assert.Equal(2000, window.MostPossible(74.9), 6);
        Assert.Equal(3000, window.MostPossible(75), 6);
        Assert.Equal(900, window.Largest);
    }

    [Fact]
    public void FixedWindow_WhoseLimitDrops_CountsTheWindowAtItsBest()
    {
        var window = new FixedWindowEnforcer(LimitOptions.AzureTpm(1000));
        window.Open(0);
        window.Change(100, 90);

        Assert.Equal(1000 + 1000 + 100, window.MostPossible(130), 6);
        Assert.Equal(100, window.Available(130), 6);
    }

    [Fact]
    public void SlidingWindow_LetsGoOneWindowAfterEachCharge()
    {
        var window = new SlidingWindowEnforcer(new LimitOptions(LimitDimension.Tokens, 100, TimeSpan.FromSeconds(60), LimitScheme.Sliding));
        window.Open(0);
        window.Take(60, 0);
        window.Take(40, 30);

        Assert.Equal(10, window.WaitFor(50, 50), 9);
        Assert.Equal(40, window.WaitFor(80, 50), 9);
        Assert.Equal(60, window.Available(60), 6);
        window.Take(-15, 60);
        Assert.Equal(75, window.Available(60), 6);
        Assert.Equal(100, window.Largest);
        Assert.Equal(100, window.MostPossible(59.9), 6);
        Assert.Equal(200, window.MostPossible(60), 6);
    }

    [Fact]
    public void Acceleration_AllowsAStepOverWhatTheLastWindowHeld()
    {
        var window = new AccelerationEnforcer(LimitOptions.Acceleration(10_000, 2_000));
        window.Open(0);
        window.Take(10_000, 5);

        Assert.Equal(12_000, window.Available(60), 6);
        window.Take(3_000, 60);
        Assert.Equal(10_000, window.Available(120), 6);
        Assert.Equal(10_000 + 12_000 + 14_000, window.MostPossible(120), 6);
    }

    [Theory]
    [InlineData(600, 1, 10)]
    [InlineData(90, 1, 2)]
    [InlineData(90, 10, 15)]
    [InlineData(6, 1, 1)]
    public void Slice_HoldsItsPartRoundedUp(double perMinute, double sliceSeconds, double expected) =>
        Assert.Equal(expected, EnforcerFactory.PerSlice(perMinute, TimeSpan.FromSeconds(sliceSeconds), TimeSpan.FromMinutes(1)));

    [Fact]
    public void Set_TakesAllOrNothing()
    {
        Enforcer requests = new BucketEnforcer(LimitOptions.Rpm(60));
        Enforcer tokens = new BucketEnforcer(LimitOptions.Tpm(100));
        var set = new DoubleLimits([requests, tokens], [], failedCallsCost: false);
        var large = new Demand(1, 80, 0, 0, 1);

        Assert.Null(set.TryTake(large, large, 0));
        var refusal = set.TryTake(large, large, 0);

        Assert.Equal(LimitDimension.Tokens, refusal?.Dimension);
        Assert.Equal(36, refusal!.Value.WaitSeconds, 9);
        Assert.Equal(59, requests.Available(0), 6);
        Assert.Equal(20, tokens.Available(0), 6);
    }
}
