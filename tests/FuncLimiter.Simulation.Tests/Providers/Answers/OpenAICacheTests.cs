using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Tests.Providers.Answers;

public class OpenAICacheTests
{
    private static readonly DeploymentOptions Plain = new("sk-a", "gpt-x");

    [Fact]
    public async Task Prefix_SeenBefore_IsCachedInStepsOf128From1024TokensOn()
    {
        await using var client = await DoubleClient.StartAsync(Plain);
        var system = new string('s', 4 * 1300);

        var first = await client.ChatAsync(maxTokens: 5, text: system + "one");
        var second = await client.ChatAsync(maxTokens: 5, text: system + "two");
        client.Time.Advance(301);
        var late = await client.ChatAsync(maxTokens: 5, text: system + "two");

        Assert.Equal((0, 1280, 0), (Cached(first), Cached(second), Cached(late)));
        Assert.Equal(1280, client.Provider.Report()["gpt-x"].CachedTokens);
    }

    [Fact]
    public async Task Prefix_ShorterThan1024Tokens_IsNot()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        await client.ChatAsync(maxTokens: 5, text: new string('s', 4 * 1023));

        Assert.Equal(0, Cached(await client.ChatAsync(maxTokens: 5, text: new string('s', 4 * 1023))));
    }

    [Fact]
    public async Task CachedTokens_StillCountAgainstTheLimit()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Limits = [LimitOptions.Tpm(10_000)] });

        await client.ChatAsync(maxTokens: 5, text: new string('s', 4 * 2000));
        var second = await client.ChatAsync(maxTokens: 5, text: new string('s', 4 * 2000));

        Assert.Equal(1920, Cached(second));
        Assert.Equal("6000", second["x-ratelimit-remaining-tokens"]);
    }

    private static int Cached(DoubleClient.Answer answer) => answer.Json["usage"]!["prompt_tokens_details"]!["cached_tokens"]!.GetValue<int>();
}
