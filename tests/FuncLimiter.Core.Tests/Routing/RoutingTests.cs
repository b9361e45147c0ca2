using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Routing;

/// <summary>Where calls go: two large deployments, a fallback, and a smaller model for simple work. Each has room for 10 requests a minute.</summary>
public class RoutingTests
{
    private const int Room = 10;
    private readonly Limiter limiter = new(new LimiterSpec
    {
        Accounts = [new("a", []), new("b", []), new("c", []), new("s", [])],
        Deployments = [Deployment("a"), Deployment("b"), Deployment("c"), Deployment("s")],
        Routes = [new("smart", ["a/m", "b/m"], ["c/m"]) { Smaller = ["s/m"] }],
    });

    [Fact]
    public void Submit_WhenTargetsHaveRoom_TakesTheOneWithTheMostHeadroom()
    {
        var places = Enumerable.Range(0, 4).Select(_ => Go(Diversion.Never, 0)).ToArray();

        Assert.Equal([(0, RouteChoice.Headroom), (1, RouteChoice.Headroom), (0, RouteChoice.Headroom), (1, RouteChoice.Headroom)], places);
    }

    [Fact]
    public void Submit_WhenNoTargetHasRoom_TakesTheFallback()
    {
        Fill(2 * Room);

        Assert.Equal((2, RouteChoice.Fallback), Go(Diversion.Never, 0));
    }

    [Fact]
    public void Submit_WhenNoTargetAndNoFallbackHasRoom_NeverDivertsWhatMayNotBe()
    {
        Fill(3 * Room);

        Assert.Equal((-1, CallState.Waiting), Try(Diversion.Never, 0));
    }

    [Fact]
    public void Submit_WhenWorkBelongsToSmallerModels_GoesThereFirst()
    {
        Assert.Equal((3, RouteChoice.Diverted), Go(Diversion.Always, 0));
    }

    [Fact]
    public void Submit_WhenTheSmallerModelIsFull_GoesToATarget()
    {
        for (var call = 0; call < Room; call++)
        {
            Go(Diversion.Always, 0);
        }

        Assert.Equal((0, RouteChoice.Headroom), Go(Diversion.Always, 0));
    }

    [Fact]
    public void Submit_WhenThereIsNoPressure_LeavesWorkThatMayBeDivertedWhereItIs()
    {
        Fill(16);

        Assert.Equal((0, RouteChoice.Headroom), Go(Diversion.UnderPressure, 0));
    }

    [Fact]
    public void Submit_FromNineTenthsOn_DivertsWhatMayBeAndNothingElse()
    {
        Fill(18);

        Assert.Equal((3, RouteChoice.Diverted), Go(Diversion.UnderPressure, 0));
        Assert.Equal((0, RouteChoice.Headroom), Go(Diversion.Never, 0));
    }

    [Fact]
    public void Submit_WhenPressureEnds_BringsWorkBackAfterACalmWhileOnly()
    {
        Fill(18);
        Go(Diversion.UnderPressure, 0);

        // The targets are free again after a minute; ten calm seconds later the pressure is over.
        var back = new[] { 30.0, 63, 68, 72.9, 73.1 }.Select(at => Go(Diversion.UnderPressure, at).Choice);

        Assert.Equal([RouteChoice.Diverted, RouteChoice.Diverted, RouteChoice.Diverted, RouteChoice.Diverted, RouteChoice.Headroom], back);
    }

    [Fact]
    public void Submit_WhenAPromptIsCachedAtATarget_GoesThereWhileThatHasRoom()
    {
        var first = Go(Diversion.Never, 0, 77);
        Go(Diversion.Never, 0);
        var others = Enumerable.Range(0, Room).Select(_ => Go(Diversion.Never, 0, 77)).ToArray();

        Assert.Equal((0, RouteChoice.Headroom), first);
        Assert.Equal(Enumerable.Repeat((0, RouteChoice.Affinity), Room - 1), others[..^1]);
        Assert.Equal((1, RouteChoice.Headroom), others[^1]);
    }

    [Fact]
    public void Submit_WhenACachedPromptHasNotBeenUsedForFiveMinutes_GoesWhereTheHeadroomIs()
    {
        Go(Diversion.Never, 0, 77);
        Go(Diversion.Never, 299, 77);

        Assert.Equal((0, RouteChoice.Affinity), Go(Diversion.Never, 598, 77));
        Go(Diversion.Never, 598);
        Go(Diversion.Never, 598);
        Assert.Equal(RouteChoice.Headroom, Go(Diversion.Never, 899, 77).Choice);
    }

    [Fact]
    public void Submit_WhenTwoTargetsHaveTheCommonBeginning_GoesWhereMoreOfTheConversationIs()
    {
        // All begin alike; conversations differ from the second hash on. The first target is full when the second one begins.
        for (var call = 0; call < Room; call++)
        {
            Go(Diversion.Never, 0, 77, 1);
        }

        var second = Go(Diversion.Never, 0, 77, 2);

        Assert.Equal((1, RouteChoice.Headroom), second);
        Assert.Equal((1, RouteChoice.Affinity), Go(Diversion.Never, 90, 77, 2, 21));
        Assert.Equal((0, RouteChoice.Affinity), Go(Diversion.Never, 90, 77, 1));
    }

    private static DeploymentSpec Deployment(string account) =>
        new($"{account}/m", account, [new(Dimension.Requests, Room, Minute, LimitAlgorithm.Sliding)]);

    private void Fill(int calls)
    {
        for (var call = 0; call < calls; call++)
        {
            Go(Diversion.Never, 0);
        }
    }

    private (int Place, RouteChoice Choice) Go(Diversion diversion, double at, params long[] prefixes)
    {
        var call = Call(diversion, prefixes);
        Assert.Equal(CallState.Admitted, limiter.Submit(call, At(at)));
        return (call.Place, call.Choice);
    }

    private (int Place, CallState State) Try(Diversion diversion, double at)
    {
        var call = Call(diversion);
        var state = limiter.Submit(call, At(at));
        return (call.Place, state);
    }

    private static Call Call(Diversion diversion, params long[] prefixes)
    {
        var charge = new Charge(1, 0, 0, 0, 0);
        return new()
        {
            Route = "smart",
            Tenant = "t",
            Provider = [charge, charge, charge, charge],
            Diversion = diversion,
            Excluded = diversion == Diversion.Never ? 0b1000UL : 0,
            Prefixes = prefixes,
        };
    }
}
