using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Tests.Providers.Enforcement;

public class AzureLimitTests
{
    private static readonly DeploymentOptions Plain = new("sk-a", "gpt-x") { Dialect = ProviderDialect.Azure };

    [Fact]
    public async Task Tokens_AreThePromptAndMaxTokensTogetherForEachAnswer()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Limits = [LimitOptions.AzureTpm(1000)] });

        var one = await client.AzureAsync(maxTokens: 100, text: new string('a', 400));
        var best = await client.AzureAsync(maxTokens: 100, text: new string('a', 400), more: ""","best_of":3""");

        Assert.Equal("800", one["x-ratelimit-remaining-tokens"]);
        Assert.Equal("400", best["x-ratelimit-remaining-tokens"]);
        Assert.Equal("1000", one["x-ratelimit-limit-tokens"]);
    }

    [Fact]
    public async Task Minute_StartsAnewAtItsPhase()
    {
        await using var client = await DoubleClient.StartAsync(
            Plain with { Limits = [LimitOptions.AzureTpm(1000, phase: TimeSpan.FromSeconds(20))] });

        client.Time.Advance(12.5);
        var first = await client.AzureAsync(maxTokens: 998);
        var second = await client.AzureAsync(maxTokens: 998);

        Assert.Equal("8", first["x-ratelimit-reset-tokens"]);
        Assert.Equal(429, second.Code);
        Assert.Equal("7500", second["retry-after-ms"]);
        Assert.Equal("8", second["retry-after"]);
        Assert.Contains("have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 8 seconds.", second.Message, StringComparison.Ordinal);
        Assert.Contains("ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21", second.Message, StringComparison.Ordinal);
        Assert.Equal("429", second.Json["error"]!["code"]!.GetValue<string>());

        client.Time.Advance(7.5);
        Assert.Equal(200, (await client.AzureAsync(maxTokens: 998)).Code);
    }

    [Fact]
    public async Task Slice_HoldsItsPartOfTheMinute()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Limits = [LimitOptions.AzureRpm(120)] });

        var codes = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            codes.Add((await client.AzureAsync()).Code);
        }

        client.Time.Advance(1);
        var later = await client.AzureAsync();

        Assert.Equal([200, 200, 429, 429], codes);
        Assert.Equal(200, later.Code);
        Assert.Equal("120", later["x-ratelimit-limit-requests"]);
    }

    [Fact]
    public async Task Slice_OfTenSeconds_HoldsTenSecondsWorth()
    {
        await using var client = await DoubleClient.StartAsync(
            Plain with { Limits = [LimitOptions.AzureRpm(18, TimeSpan.FromSeconds(10))], FailedCallsCost = false });

        var codes = new List<int>();
        for (var i = 0; i < 5; i++)
        {
            codes.Add((await client.AzureAsync()).Code);
            client.Time.Advance(3);
        }

        Assert.Equal([200, 200, 200, 429, 200], codes);
    }

    [Fact]
    public async Task Call_WithoutApiVersion_IsNotFound()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var answer = await client.SendAsync("/openai/deployments/gpt-x/chat/completions", "{}", ("api-key", "sk-a"));

        Assert.Equal(404, answer.Code);
        Assert.Equal("Resource not found", answer.Message);
    }
}
