using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Operations;

namespace FuncLimiter.Gateway.Tests.Operators;

public class CallFeedTests
{
    private readonly VirtualTime _time = new();

    [Fact]
    public void Events_AreReadInOrder_FromWhereTheReaderStands()
    {
        var feed = new CallFeed(_time);
        Add(feed, CallEventKind.Admitted, "a");
        Add(feed, CallEventKind.Refused, "b");
        Add(feed, CallEventKind.Admitted, "c");

        Assert.Equal(["b", "c"], feed.After(1, 100).Select(happened => happened.Tenant));
        Assert.Equal(["c"], feed.After(0, 1).Select(happened => happened.Tenant));
        Assert.Empty(feed.After(3, 100));
    }

    [Fact]
    public void ManyAdmissions_AreAllCounted_AndTheOneRefusalStaysInSight()
    {
        var feed = new CallFeed(_time);
        Add(feed, CallEventKind.Refused, "refused");
        for (var i = 0; i < 10_000; i++)
        {
            Add(feed, CallEventKind.Admitted, "busy");
        }

        Assert.Equal(10_000, feed.Count(CallEventKind.Admitted));
        Assert.Contains(feed.After(0, 1_000), happened => happened.Tenant == "refused");
        Assert.True(feed.Last < 100);
    }

    [Fact]
    public void Feed_HoldsABoundedNumberOfEvents()
    {
        var feed = new CallFeed(_time);
        for (var second = 0; second < 100; second++)
        {
            for (var i = 0; i < 50; i++)
            {
                Add(feed, CallEventKind.Admitted, "busy");
            }

            _time.Advance(TimeSpan.FromSeconds(1));
        }

        var kept = feed.After(0, int.MaxValue);

        Assert.InRange(kept.Count, 100, 1_000);
        Assert.Equal(feed.Last, kept[^1].Number);
    }

    private static void Add(CallFeed feed, CallEventKind kind, string tenant)
    {
        if (feed.Count(kind, out var now))
        {
            feed.Keep(new(kind, tenant, null, Priority.Standard, "gpt-x") { At = now });
        }
    }
}
