using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Tests.Providers.Enforcement;

public class AnthropicLimitTests
{
    private static readonly DeploymentOptions Plain = new("sk-a", "claude-x") { Dialect = ProviderDialect.Anthropic };

    [Fact]
    public async Task Input_IsEstimatedAtTheStartAndCorrectedByTheTokenizer()
    {
        // 4,000 characters: 1,000 tokens by the estimate, 2,000 and a frame of 3 by this tokenizer.
        await using var client = await DoubleClient.StartAsync(Plain with { Limits = [LimitOptions.Itpm(60_000)], CharactersPerToken = 2 });

        var answer = await client.MessagesAsync(maxTokens: 10, text: new string('a', 4000));

        Assert.Equal("59000", answer["anthropic-ratelimit-input-tokens-remaining"]);
        Assert.Equal(2003, answer.Json["usage"]!["input_tokens"]!.GetValue<int>());
        Assert.Equal(2003, client.Provider.Report()["claude-x"].Limits[0].Accepted);
    }

    [Fact]
    public async Task Output_IsChargedAsItIsGeneratedWhateverMaxTokensSays()
    {
        await using var client = await DoubleClient.StartAsync(Plain with
        {
            Limits = [LimitOptions.Otpm(600)],
            Output = new OutputOptions { Draw = (200, 200) },
        });

        var first = await client.MessagesAsync(maxTokens: 10_000);
        Assert.Equal(200, first.Json["usage"]!["output_tokens"]!.GetValue<int>());
        Assert.Equal(200, client.Provider.Report()["claude-x"].Limits[0].Accepted);
    }

    [Fact]
    public async Task Output_MayRunIntoDebt_AndNewCallsWaitUntilItIsPaid()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Limits = [LimitOptions.Otpm(600)] });

        Assert.Equal(200, (await client.MessagesAsync(maxTokens: 650)).Code);
        var refused = await client.MessagesAsync(maxTokens: 1);

        // 50 tokens of debt and one to begin with, at 10 a second, in whole seconds.
        Assert.Equal(429, refused.Code);
        Assert.Equal("6", refused["retry-after"]);
        Assert.Null(refused["retry-after-ms"]);
        Assert.Contains("rate limit of 600 output tokens per minute", refused.Message, StringComparison.Ordinal);
        Assert.Equal("rate_limit_error", refused.Json["error"]!["type"]!.GetValue<string>());
        Assert.True(client.Provider.Report()["claude-x"].Limits[0].Exceeded);

        client.Time.Advance(5.1);
        Assert.Equal(200, (await client.MessagesAsync(maxTokens: 1)).Code);
    }

    [Fact]
    public async Task Headers_AreRfc3339AndRoundedToThousands()
    {
        await using var client = await DoubleClient.StartAsync(
            Plain with { Limits = [LimitOptions.Rpm(50), LimitOptions.Itpm(20_000), LimitOptions.Otpm(8_000)] });

        var answer = await client.MessagesAsync(maxTokens: 1, text: new string('a', 4 * 1800));

        Assert.Equal("20000", answer["anthropic-ratelimit-input-tokens-limit"]);
        Assert.Equal("18000", answer["anthropic-ratelimit-input-tokens-remaining"]);
        Assert.Equal("2026-09-01T12:00:06Z", answer["anthropic-ratelimit-input-tokens-reset"]);
        Assert.Equal("8000", answer["anthropic-ratelimit-output-tokens-remaining"]);
        Assert.Equal("2026-09-01T12:00:00Z", answer["anthropic-ratelimit-output-tokens-reset"]);
        Assert.Equal("49", answer["anthropic-ratelimit-requests-remaining"]);
        Assert.Equal("2026-09-01T12:00:02Z", answer["anthropic-ratelimit-requests-reset"]);
        Assert.Equal("20000", answer["anthropic-ratelimit-tokens-limit"]);
    }

    [Fact]
    public async Task Acceleration_RisesByAStepAtEachMinuteThatIsUsed()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Limits = [LimitOptions.Acceleration(1000, 500)] });

        Assert.Equal(200, (await client.MessagesAsync(text: new string('a', 4 * 1000 - 12))).Code);
        var refused = await client.MessagesAsync(text: new string('a', 4 * 100));
        client.Time.Advance(60);
        var next = await client.MessagesAsync(text: new string('a', 4 * 1400));

        Assert.Equal(429, refused.Code);
        Assert.Contains("maximum usage increase rate for input tokens per minute", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Your current limit is 1,000 input tokens per minute, and will increase to 1,500", refused.Message, StringComparison.Ordinal);
        Assert.Equal("60", refused["retry-after"]);
        Assert.Equal(200, next.Code);
    }

    [Fact]
    public async Task Concurrency_IsRefusedWithoutAWait()
    {
        await using var client = await DoubleClient.StartAsync(
            Plain with { Limits = [LimitOptions.Concurrent(1)], Latency = new(TimeSpan.FromSeconds(1), TimeSpan.Zero) });

        var first = client.MessagesAsync();
        while (client.Time.Waiting == 0)
        {
            await Task.Yield();
        }

        var second = await client.MessagesAsync();
        client.Time.Advance(1);
        await first;

        Assert.Equal(429, second.Code);
        Assert.StartsWith("Number of concurrent connections has exceeded your rate limit.", second.Message, StringComparison.Ordinal);
        Assert.Null(second["retry-after"]);
    }

    [Fact]
    public async Task Penalty_ClosesAfterRepeatedViolations()
    {
        await using var client = await DoubleClient.StartAsync(Plain with
        {
            Limits = [LimitOptions.Rpm(60, burstSeconds: 1)],
            Penalty = new PenaltyOptions(2, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30)),
        });

        await client.MessagesAsync();
        await client.MessagesAsync();
        await client.MessagesAsync();
        client.Time.Advance(20);
        var closed = await client.MessagesAsync();
        client.Time.Advance(10);
        var open = await client.MessagesAsync();

        Assert.Equal(429, closed.Code);
        Assert.Equal("10", closed["retry-after"]);
        Assert.Equal(200, open.Code);
        Assert.Equal(1, client.Provider.Report()["claude-x"].DuringCooldown);
    }
}
