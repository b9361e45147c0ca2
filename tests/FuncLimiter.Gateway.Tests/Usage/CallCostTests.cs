using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

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

    [Theory]
    [InlineData("openrouter", """{"prompt_tokens":194,"completion_tokens":2,"total_tokens":196,"cost":0.00095,"is_byok":false}""", "0.00095")]
    [InlineData("openrouter", """{"prompt_tokens":194,"completion_tokens":2,"total_tokens":196,"cost":0.00005,"is_byok":true,"cost_details":{"upstream_inference_cost":0.002}}""", "0.00205")]
    [InlineData("perplexity", """{"prompt_tokens":14,"completion_tokens":240,"total_tokens":254,"cost":{"input_tokens_cost":0.00001,"request_cost":0.005,"total_cost":0.00521}}""", "0.00521")]
    [InlineData("xai", """{"prompt_tokens":14,"completion_tokens":240,"total_tokens":254,"cost_in_usd_ticks":37756000}""", "0.0037756")]
    [InlineData("openai-compatible", """{"prompt_tokens":14,"completion_tokens":240,"total_tokens":254,"estimated_cost":0.5}""", "0.5")]
    [InlineData("openrouter", """{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110,"cost":-1}""", "0.0003")]
    [InlineData("openrouter", """{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110,"cost":"free"}""", "0.0003")]
    [InlineData("openrouter", """{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110,"cost":1e300}""", "0.0003")]
    public async Task Cost_ThatTheProviderTells_WinsOverThePrice(string provider, string usage, string usd)
    {
        await using var gateway = await TestGateway.StartAsync(address => new()
        {
            Accounts = [new("a", provider, null, address, "sk-1", [], [new ModelConfiguration("m", [], new PriceConfiguration(2m, 1m, 10m))])],
            Routes = [new("m", ["a/m"], [])],
        });
        gateway.Provider.AnswerWith(200, $$"""{"id":"x","choices":[],"usage":{{usage}}}""");

        using var answer = await gateway.PostAsync("/v1/chat/completions", """{"model":"m","messages":[{"role":"user","content":"Hi"}]}""");

        var cost = decimal.Parse(usd, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(usd, answer.Headers.GetValues("X-FuncLimiter-Cost-Usd").Single());
        Assert.Equal(cost, (await gateway.Usage.SingleAsync()).CostUsd);
        Assert.Equal((long)(cost * 1_000_000_000), gateway.Limiter.Settlements.Single().Consumer.Cost);
    }

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
