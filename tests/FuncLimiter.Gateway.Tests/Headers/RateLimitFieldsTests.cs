using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Headers;

namespace FuncLimiter.Gateway.Tests.Headers;

public class RateLimitFieldsTests
{
    private static readonly MeterReport Tokens = new(Dimension.Tokens, 60, 50_000, 49_999.6, 50_000, 48_799.5, 6.2);

    [Fact]
    public void Fields_FollowTheDraft()
    {
        Assert.Equal("\"tenant:acme\";q=49999;w=60;qu=\"tokens\"", RateLimitHeaders.Policy("tenant:acme", Tokens));
        Assert.Equal("\"tenant:acme\";r=1200;t=7", RateLimitHeaders.Limit("tenant:acme", Tokens));
    }

    [Fact]
    public void Policy_OfConcurrency_HasNoWindow()
    {
        var calls = new MeterReport(Dimension.Concurrent, 0, 8, 8, 8, 3, 0);

        Assert.Equal("\"account:a\";q=8;qu=\"concurrent-requests\"", RateLimitHeaders.Policy("account:a", calls));
    }

    [Fact]
    public void Name_ThatNoFieldCanHold_IsMadeHarmless() =>
        Assert.Equal("\"user:acme/j_rgen__\\r\";r=1200;t=7".Replace("\\r", "_", StringComparison.Ordinal), RateLimitHeaders.Limit("user:acme/jürgen\"\\\r", Tokens));

    [Fact]
    public void Tightest_IsTheMeterWithTheSmallestShareLeft()
    {
        var requests = new MeterReport(Dimension.Requests, 60, 100, 100, 100, 99, 1);

        Assert.Same(requests, RateLimitHeaders.Tightest(new BudgetReport("b", [Tokens, requests], Instant.Distant, 0.99)));
    }
}
