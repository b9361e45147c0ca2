using System.Net;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Tests.Providers.Enforcement;

public class OpenAILimitTests
{
    private static readonly DeploymentOptions Plain = new("sk-a", "gpt-x");

    [Fact]
    public async Task Tokens_AreChargedAsTheLargerOfMaxTokensAndTheEstimate()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Limits = [LimitOptions.Tpm(6000)] });

        var bound = await client.ChatAsync(maxTokens: 100, text: "hello");
        var estimated = await client.ChatAsync(maxTokens: 10, text: new string('a', 2000));
        var choices = await client.ChatAsync(maxTokens: 100, more: ""","n":3""");

        Assert.Equal("5900", bound["x-ratelimit-remaining-tokens"]);
        Assert.Equal("5400", estimated["x-ratelimit-remaining-tokens"]);
        Assert.Equal("5100", choices["x-ratelimit-remaining-tokens"]);
        Assert.Equal("6000", choices["x-ratelimit-limit-tokens"]);
        Assert.Equal("9s", choices["x-ratelimit-reset-tokens"]);
    }

    [Fact]
    public async Task Requests_TellTheTimeToAFullBucketAtAdmission()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Limits = [LimitOptions.Rpm(5000)] });

        var answer = await client.ChatAsync();

        Assert.Equal("12ms", answer["x-ratelimit-reset-requests"]);
        Assert.Equal("4999", answer["x-ratelimit-remaining-requests"]);
    }

    [Fact]
    public async Task Refusal_NamesLimitUsedRequestedAndAWaitThatHolds()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Limits = [LimitOptions.Tpm(30000, burstSeconds: 6)] });

        await client.ChatAsync(maxTokens: 2900);
        var refused = await client.ChatAsync(maxTokens: 1000);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
        Assert.Equal(
            "Rate limit reached for gpt-x in organization org-double on tokens per min (TPM): Limit 30000, Used 29900, Requested 1000. "
                + "Please try again in 1.8s. Visit https://platform.openai.com/account/rate-limits to learn more.",
            refused.Message);
        Assert.Equal("tokens", refused.Json["error"]!["type"]!.GetValue<string>());
        Assert.Equal("rate_limit_exceeded", refused.Json["error"]!["code"]!.GetValue<string>());
        Assert.Equal("1800", refused["retry-after-ms"]);
        Assert.Equal("2", refused["retry-after"]);

        client.Time.Advance(1.799);
        Assert.Equal(429, (await client.ChatAsync(maxTokens: 1000)).Code);
        client.Time.Advance(0.001);
        Assert.Equal(200, (await client.ChatAsync(maxTokens: 1000)).Code);
    }

    [Fact]
    public async Task Request_LargerThanTheBucket_IsTooLargeAndNamesNoWait()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Limits = [LimitOptions.Tpm(30000)] });

        var refused = await client.ChatAsync(maxTokens: 30601);

        Assert.Equal(429, refused.Code);
        Assert.StartsWith(
            "Request too large for gpt-x in organization org-double on tokens per min (TPM): Limit 30000, Requested 30601.", refused.Message);
        Assert.Null(refused["retry-after"]);
        Assert.Equal(1, client.Provider.Report()["gpt-x"].TooLarge);
    }

    [Fact]
    public async Task FailedCall_CostsARequestAndNoTokens()
    {
        await using var client = await DoubleClient.StartAsync(Plain with { Limits = [LimitOptions.Rpm(60), LimitOptions.Tpm(1000)] });

        await client.ChatAsync(maxTokens: 1000);
        var refused = await client.ChatAsync(maxTokens: 1000);

        Assert.Equal(429, refused.Code);
        Assert.Equal("58", refused["x-ratelimit-remaining-requests"]);
        Assert.Equal("0", refused["x-ratelimit-remaining-tokens"]);
        Assert.Equal(1, client.Provider.Report()["gpt-x"].Limits[0].Accepted);
    }

    [Fact]
    public async Task LimitsOfAKey_AreSharedByItsModelsAndShownAsTheProjects()
    {
        await using var client = await DoubleClient.StartAsync(new ProviderDoubleOptions
        {
            Deployments = [Plain with { Limits = [LimitOptions.Tpm(5000)] }, Plain with { Model = "gpt-y" }],
            SharedLimits = new Dictionary<string, IReadOnlyList<LimitOptions>> { ["sk-a"] = [LimitOptions.Tpm(1000)] },
        });

        var first = await client.ChatAsync(maxTokens: 600);
        var second = await client.ChatAsync(maxTokens: 600, model: "gpt-y");

        Assert.Equal("4400", first["x-ratelimit-remaining-tokens"]);
        Assert.Equal("400", first["x-ratelimit-remaining-project-tokens"]);
        Assert.Equal(429, second.Code);
        Assert.Equal(600, client.Provider.Report().SharedLimits[0].Accepted);
    }

    [Fact]
    public async Task Concurrency_IsHeldUntilTheAnswerIsComplete()
    {
        await using var client = await DoubleClient.StartAsync(
            Plain with { Limits = [LimitOptions.Concurrent(1)], Latency = new(TimeSpan.FromSeconds(2), TimeSpan.Zero) });

        var first = client.ChatAsync();
        while (client.Time.Waiting == 0)
        {
            await Task.Yield();
        }

        var second = await client.ChatAsync();
        client.Time.Advance(2);

        Assert.Equal(200, (await first).Code);
        Assert.Equal(429, second.Code);
        Assert.Equal(1, client.Provider.Report()["gpt-x"].MostUnderWay);
    }
}
