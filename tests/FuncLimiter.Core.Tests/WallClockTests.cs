using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests;

/// <summary>Instants go on steadily; what hangs on the wall clock follows it with care.</summary>
public class WallClockTests
{
    private static readonly LeasePolicy Policy = new();
    private static readonly Limit Minute = new(Dimension.Requests, 600, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket);
    private static readonly Instant Noon = Instant.From(new DateTimeOffset(2026, 3, 3, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(13)]
    [InlineData(24 * 7)]
    public void Day_WhenTheClockRunsAhead_BeginsOnlyOnceItIsBelieved(int hours)
    {
        var limiter = Limited();
        Assert.Equal(10, Take(limiter, Noon));
        limiter.FollowWall(TimeSpan.FromHours(hours), Noon);

        Assert.Equal(0, Take(limiter, Noon + TimeSpan.FromMinutes(59)));

        // Set right within the hour, it never was.
        limiter.FollowWall(TimeSpan.Zero, Noon + TimeSpan.FromMinutes(59));
        Assert.Equal(0, Take(limiter, Noon + TimeSpan.FromHours(11.9)));
        Assert.Equal(10, Take(limiter, Noon + TimeSpan.FromHours(12.1)));
    }

    [Fact]
    public void Day_WhenTheClockStaysAhead_EndsByIt()
    {
        var limiter = Limited();
        Assert.Equal(10, Take(limiter, Noon));
        limiter.FollowWall(TimeSpan.FromHours(5), Noon);
        limiter.FollowWall(TimeSpan.FromHours(5), Noon + TimeSpan.FromHours(1.1));

        // Midnight is at 19:00 by the steady clock.
        Assert.Equal(0, Take(limiter, Noon + TimeSpan.FromHours(6.9)));
        Assert.Equal(10, Take(limiter, Noon + TimeSpan.FromHours(7.1)));
    }

    [Fact]
    public void Day_WhenTheClockFallsBack_EndsLater()
    {
        var limiter = Limited();
        Assert.Equal(10, Take(limiter, Noon));
        limiter.FollowWall(TimeSpan.FromHours(-3), Noon + TimeSpan.FromHours(11));

        Assert.Equal(0, Take(limiter, Noon + TimeSpan.FromHours(14.9)));
        Assert.Equal(10, Take(limiter, Noon + TimeSpan.FromHours(15.1)));
    }

    [Fact]
    public void Day_WhenTheClockFallsBackAcrossMidnight_HasWhatWasUsedBeforeIt()
    {
        var limiter = Limited();
        Assert.Equal(10, Take(limiter, Noon));
        var afterMidnight = Noon + TimeSpan.FromHours(12.5);
        limiter.FollowWall(TimeSpan.Zero, afterMidnight);

        limiter.FollowWall(TimeSpan.FromHours(-3), afterMidnight);

        Assert.Equal(0, Take(limiter, afterMidnight));
        Assert.Equal(10, Take(limiter, Noon + TimeSpan.FromHours(15.1)));
    }

    [Theory]
    [InlineData(3600, false)]
    [InlineData(0.5, false)]
    [InlineData(0.05, true)]
    [InlineData(-3600, true)]
    public void ALease_WhenTheClockRunsAhead_IsGivenUp_AndAskedForAgain(double seconds, bool isKept)
    {
        var limiter = new Limiter(Spec(Minute) with { Leases = new("i", Policy) });
        var owner = LeaseOwner.Open("account:a", Spec(Minute), Policy, null, Noon - TimeSpan.FromMinutes(10));
        limiter.Submit(CallOf(TimeSpan.FromMinutes(1)), Noon);
        limiter.Apply(owner.Answer(limiter.Leases!.TakeDue(Noon).Single(), Noon), Noon);
        var now = Noon + TimeSpan.FromSeconds(1);
        limiter.Advance(now);
        Assert.Equal(CallState.Admitted, limiter.Submit(CallOf(TimeSpan.FromMinutes(1)), now));
        limiter.Apply(owner.Answer(limiter.Leases.TakeDue(now).Single(), now), now);

        limiter.FollowWall(TimeSpan.FromSeconds(seconds), now);
        var next = CallOf(TimeSpan.FromMinutes(1));

        Assert.Equal(isKept ? CallState.Admitted : CallState.Waiting, limiter.Submit(next, now));
        if (!isKept)
        {
            limiter.Apply(owner.Answer(limiter.Leases.TakeDue(now).Single(), now), now);
            limiter.Advance(now + TimeSpan.FromSeconds(1));
            Assert.Equal(CallState.Admitted, next.State);
        }
    }

    private static Limiter Limited() => new(Spec(new(Dimension.Requests, 10, TimeSpan.FromDays(1), LimitAlgorithm.CalendarDay)));

    private static LimiterSpec Spec(Limit limit) => new()
    {
        Accounts = [new("a", [])],
        Deployments = [new("a/m", "a", [limit])],
        Routes = [new("m", ["a/m"], [])],
    };

    private static int Take(Limiter limiter, Instant now)
    {
        var taken = 0;
        while (limiter.Submit(CallOf(TimeSpan.Zero), now) == CallState.Admitted)
        {
            taken++;
        }

        return taken;
    }

    private static Call CallOf(TimeSpan maxWait) =>
        new() { Route = "m", Tenant = "t", MaxWait = maxWait, Consumer = new(1, 0, 0, 0, 1), Provider = [new(1, 0, 0, 0, 1)] };
}
