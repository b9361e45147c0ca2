using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Tests.Usage;

public class CallCostTests
{
    private static readonly PriceConfiguration Price = new(3m, 0.3m, 15m) { CacheWrite = 3.75m };

    [Fact]
    public void Cost_ChargesPlainCachedAndWrittenInputEachAtItsPrice()
    {
        var cost = CallCost.Of(Price, new TokenUsage(InputTokens: 1_000, OutputTokens: 100, CacheReadTokens: 600, CacheWriteTokens: 300));

        Assert.Equal(((100 * 3m) + (600 * 0.3m) + (300 * 3.75m)) / 1_000_000, cost.InputUsd);
        Assert.Equal(100 * 15m / 1_000_000, cost.OutputUsd);
        Assert.Equal(cost.InputUsd + cost.OutputUsd, cost.TotalUsd);
    }

    [Fact]
    public void Cost_WithoutAPriceForCacheWrites_TakesThatOfInput() =>
        Assert.Equal(10 * 3m / 1_000_000, CallCost.Of(Price with { CacheWrite = null }, new TokenUsage(10, 0, 0, 10)).TotalUsd);

    [Fact]
    public void Cost_ThroughTheBatchService_IsLessByItsDiscount()
    {
        var usage = new TokenUsage(1_000, 100);

        Assert.Equal(CallCost.Of(Price, usage).TotalUsd / 2, CallCost.Of(Price, usage, isBatch: true).TotalUsd);
        Assert.Equal(CallCost.Of(Price, usage).TotalUsd * 0.8m, CallCost.Of(Price with { BatchDiscount = 0.2m }, usage, isBatch: true).TotalUsd);
    }

    [Fact]
    public void Cost_OfManySmallCalls_AddsUpWithoutError()
    {
        var price = new PriceConfiguration(0.0375m, 0.0375m, 0.15m);

        var sum = Enumerable.Range(0, 1_000_000).Aggregate(0m, (sum, _) => sum + CallCost.Of(price, new TokenUsage(1, 1)).TotalUsd);

        Assert.Equal(0.1875m, sum);
    }
}
