using System.Text;
using System.Text.Json.Nodes;
using FuncLimiter.IndependentProvider;
using FuncLimiter.Promises.Tests.Hosting;

namespace FuncLimiter.Promises.Tests;

/// <summary>What the tests of the promises rest on: the independent provider refuses, charges and tells as the documents of providers say.</summary>
public sealed class IndependentProviderTests
{
    [Fact]
    public async Task Bucket_RefillsAllTheTimeAndSaysWhenACallFits()
    {
        var (time, provider) = Start(new Limit(Counts.Requests, 60) { Capacity = 2 });

        Assert.Equal(200, (await AskAsync(provider)).Status);
        Assert.Equal(200, (await AskAsync(provider)).Status);
        var refused = await AskAsync(provider);
        Assert.Equal(429, refused.Status);
        Assert.Equal("1000", refused.Header("retry-after-ms"));
        Assert.Contains("Please try again in 1s.", refused.Text, StringComparison.Ordinal);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await AskAsync(provider)).Status);
        Assert.Equal(429, (await AskAsync(provider)).Status);
    }

    [Fact]
    public async Task SlidingWindow_HoldsInEverySpan()
    {
        var (time, provider) = Start(new Limit(Counts.Requests, 2, 60, Enforcement.Sliding));
        await AskAsync(provider);
        time.Advance(TimeSpan.FromSeconds(50));
        await AskAsync(provider);

        Assert.Equal("10000", (await AskAsync(provider)).Header("retry-after-ms"));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(200, (await AskAsync(provider)).Status);
        Assert.Equal(429, (await AskAsync(provider)).Status);
        Assert.Equal(2, provider.Tell().Deployments[0].Limits[0].MostInAnyWindow);
    }

    [Fact]
    public async Task FixedWindow_StartsAnewAtItsOwnPhase()
    {
        var (time, provider) = Start(new Limit(Counts.Requests, 1, 60, Enforcement.Fixed) { PhaseSeconds = 7 });
        await AskAsync(provider);

        Assert.Equal("7", (await AskAsync(provider)).Header("retry-after"));
        time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(200, (await AskAsync(provider)).Status);
    }

    [Fact]
    public async Task Ramp_HoldsGrowthToAPartOfTheMinuteBefore()
    {
        var (time, provider) = Start(new Limit(Counts.Requests, 2, 60, Enforcement.Ramp) { Growth = 2 });
        Assert.Equal(2, await AcceptedAsync(provider, 10));
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(4, await AcceptedAsync(provider, 10));
        time.Advance(TimeSpan.FromSeconds(180));
        Assert.Equal(2, await AcceptedAsync(provider, 10));
    }

    [Theory]
    [InlineData(ChargeRule.PromptPlusMax, 1 + 7 + 100)]
    [InlineData(ChargeRule.LargerOfPromptAndMax, 100)]
    [InlineData(ChargeRule.LargerOfCharactersAndMax, 100)]
    [InlineData(ChargeRule.CharactersPlusMax, 2 + 100)]
    [InlineData(ChargeRule.PromptPlusMaxSettled, 1 + 7 + 60)]
    [InlineData(ChargeRule.PromptPlusCompletion, 1 + 7 + 60)]
    [InlineData(ChargeRule.PromptThenCompletion, 1 + 7 + 60)]
    public async Task Charge_IsWhatTheRuleSays(ChargeRule rule, double charged)
    {
        // "hello": one word and 4 for its message and 3 for the answer; 5 characters are two tokens by the quarter.
        var (_, provider) = Start(new Limit(Counts.Tokens, 1000), rule);
        Assert.Equal(200, (await AskAsync(provider)).Status);
        Assert.Equal(charged, provider.Tell().Deployments[0].Limits[0].Charged);
    }

    [Fact]
    public async Task Anthropic_CountsNoCachedInputAndOutputAsItComes()
    {
        var time = new StillTime();
        var provider = new Provider(new Settings
        {
            Deployments =
            [
                new Deployment("key", "claude", Api.Anthropic)
                {
                    Limits = [new Limit(Counts.InputTokens, 100_000), new Limit(Counts.OutputTokens, 10_000)],
                    FirstTokenMs = 0, TokenMs = 0, OutputSpread = 0, UsualOutput = 60, ShortestCached = 10,
                },
            ],
        }, time);
        var words = string.Join(' ', Enumerable.Repeat("word", 500));
        var body = $$$"""{"model":"claude","max_tokens":5000,"messages":[{"role":"user","content":[{"type":"text","text":"{{{words}}}","cache_control":{"type":"ephemeral"}},{"type":"text","text":"why?"}]}]}""";

        var first = JsonNode.Parse((await AskAsync(provider, "/v1/messages", body, ("x-api-key", "key"))).Text)!["usage"]!;
        var input = provider.Tell().Deployments[0].Limits[0].Used;
        var second = JsonNode.Parse((await AskAsync(provider, "/v1/messages", body, ("x-api-key", "key"))).Text)!["usage"]!;

        Assert.True(first["cache_creation_input_tokens"]!.GetValue<int>() > 400);
        Assert.True(second["cache_read_input_tokens"]!.GetValue<int>() > 400);
        Assert.InRange(input, 500, 520);
        Assert.InRange(provider.Tell().Deployments[0].Limits[0].Used - input, 1, 20);
        Assert.Equal(120, provider.Tell().Deployments[0].Limits[1].Charged);
    }

    [Fact]
    public async Task Concurrency_IsFreedWhenTheAnswerEnds()
    {
        var (_, provider) = Start(new Limit(Counts.Concurrent, 1));
        using (var first = await AskWithoutReadingAsync(provider))
        {
            Assert.Equal(200, first.Status);
            Assert.Equal(429, (await AskAsync(provider)).Status);
        }

        Assert.Equal(200, (await AskAsync(provider)).Status);
    }

    [Theory]
    [InlineData(HintStyle.Seconds, "retry-after", "20")]
    [InlineData(HintStyle.Milliseconds, "retry-after-ms", "20000")]
    [InlineData(HintStyle.Date, "retry-after", "Thu, 01 Jan 2026 00:00:20 GMT")]
    public async Task Trouble_IsToldAndWhoComesTooEarlyIsNoted(HintStyle style, string header, string value)
    {
        var (time, provider) = Start(new Limit(Counts.Requests, 100));
        provider.Begin(new Trouble(503, 20, Hints: style));

        var told = await AskAsync(provider);
        Assert.Equal((503, value), (told.Status, told.Header(header)));
        time.Advance(TimeSpan.FromSeconds(5));
        await AskAsync(provider);
        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(200, (await AskAsync(provider)).Status);
        Assert.Equal(5, Assert.Single(provider.Tell().Early), 3);
    }

    private static (StillTime Time, Provider Provider) Start(Limit limit, ChargeRule rule = ChargeRule.PromptPlusMax)
    {
        var time = new StillTime();
        return (time, new Provider(new Settings
        {
            Deployments = [new Deployment("key", "gpt", Api.OpenAI) { Limits = [limit], Charge = rule, FirstTokenMs = 0, TokenMs = 0, OutputSpread = 0, UsualOutput = 60 }],
        }, time));
    }

    private static async Task<int> AcceptedAsync(Provider provider, int calls)
    {
        var accepted = 0;
        for (var call = 0; call < calls; call++)
        {
            accepted += (await AskAsync(provider)).Status == 200 ? 1 : 0;
        }

        return accepted;
    }

    private static Task<Answer> AskWithoutReadingAsync(Provider provider) => provider.AskAsync(
        new Request("POST", "/v1/chat/completions", "", name => name == "Authorization" ? "Bearer key" : null, Encoding.UTF8.GetBytes("""{"model":"gpt","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}""")),
        CancellationToken.None);

    private static async Task<Read> AskAsync(Provider provider)
    {
        using var answer = await AskWithoutReadingAsync(provider);
        return await Read.FromAsync(answer);
    }

    private static async Task<Read> AskAsync(Provider provider, string path, string body, params (string Name, string Value)[] headers)
    {
        using var answer = await provider.AskAsync(
            new Request("POST", path, "", name => headers.FirstOrDefault(header => header.Name == name).Value, Encoding.UTF8.GetBytes(body)), CancellationToken.None);
        return await Read.FromAsync(answer);
    }

    private sealed record Read(int Status, IReadOnlyList<(string Name, string Value)> Headers, string Text)
    {
        public string? Header(string name) => Headers.FirstOrDefault(header => header.Name == name).Value;

        public static async Task<Read> FromAsync(Answer answer)
        {
            var text = new StringBuilder();
            await foreach (var part in answer.Body)
            {
                text.Append(part);
            }

            return new Read(answer.Status, answer.Headers, text.ToString());
        }
    }
}
