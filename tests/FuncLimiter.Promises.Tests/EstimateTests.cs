using System.Text;
using System.Text.Json;
using FuncLimiter.IndependentProvider;
using FuncLimiter.Promises.Tests.Hosting;
using Xunit.Abstractions;

namespace FuncLimiter.Promises.Tests;

/// <summary>What small prompts teach is not held against large ones, by the charges that the provider itself counts.</summary>
public sealed class EstimateTests(ITestOutputHelper output)
{
    private const double TokensPerMinute = 20_000;

    [Theory]
    [InlineData("openai", Api.OpenAI, ChargeRule.LargerOfCharactersAndMax)]
    [InlineData("azure-openai", Api.Azure, ChargeRule.CharactersPlusMax)]
    public async Task LargePrompt_AfterSixtyOfOneLetter_IsAnsweredAndChargedAsTheProviderDoes(string provider, Api api, ChargeRule rule)
    {
        await using var stage = await StartAsync(provider, api, rule);
        for (var call = 0; call < 60; call++)
        {
            Assert.Equal(200, (await stage.CallAsync(Chat("a", 5))).Status);
        }

        var large = new StringBuilder();
        while (large.Length < 30_000)
        {
            large.Append("The answer that considers several fleets of agents is the one which was asked for. ");
        }

        var (ours, theirs) = (await UsedAsync(stage), Charged(stage));
        var answer = await stage.CallAsync(Chat(large.ToString(), 5));
        Assert.True(answer.Status == 200, answer.Text);

        var (charged, took) = (await UsedAsync(stage) - ours, Charged(stage) - theirs);
        output.WriteLine($"{provider}, {rule}: charged {charged}, the provider took {took} ({charged / took:0.000})");
        Assert.InRange(charged, 0.85 * took, 1.15 * took);
    }

    [Fact]
    public async Task PromptOfBlanks_LargerByEstimateThanTheLimit_IsLeftToTheProvider()
    {
        await using var stage = await StartAsync("openai", Api.OpenAI, ChargeRule.LargerOfPromptAndMax);

        var answer = await stage.CallAsync(Chat(new string(' ', 100_000), 5));

        Assert.True(answer.Status == 200, answer.Text);
    }

    [Fact]
    public async Task Call_LargerThanTheLimitByWhatIsCertain_IsRefusedForGood()
    {
        await using var stage = await StartAsync("openai", Api.OpenAI, ChargeRule.LargerOfPromptAndMax);

        Assert.Equal(413, (await stage.CallAsync(Chat("a", 20_001))).Status);
    }

    private static Task<Stage> StartAsync(string provider, Api api, ChargeRule rule) => Stage.StartAsync(
        new Settings
        {
            Deployments =
            [
                new Deployment(Stage.ProviderKey, "gpt", api)
                {
                    Limits = [new Limit(Counts.Tokens, TokensPerMinute, 60, Enforcement.Sliding) { Reported = false }],
                    Charge = rule,
                    FirstTokenMs = 0,
                    TokenMs = 0,
                },
            ],
        },
        endpoint => new
        {
            accounts = new[] { Stage.Account("one", provider, endpoint, "gpt", new { tpm = TokensPerMinute, algorithm = "sliding" }) },
        });

    private static Ask Chat(string content, int maxTokens) => new(
        "/v1/chat/completions",
        JsonSerializer.Serialize(new { model = "gpt", max_tokens = maxTokens, messages = new[] { new { role = "user", content } } }));

    private static async Task<double> UsedAsync(Stage stage) => (await stage.MeterAsync("deployment:one/gpt", "tokens"))["used"]!.GetValue<double>();

    private static double Charged(Stage stage) => stage.Provider.Tell().Deployments[0].Limits[0].Charged;
}
