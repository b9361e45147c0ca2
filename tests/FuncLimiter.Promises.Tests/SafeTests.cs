using System.Globalization;
using FuncLimiter.IndependentProvider;
using FuncLimiter.Promises.Tests.Hosting;
using Xunit.Abstractions;

namespace FuncLimiter.Promises.Tests;

/// <summary>Promise 1: no window, as the provider counts it, ever holds more than its limit; not after a crash either.</summary>
public sealed class SafeTests(ITestOutputHelper output)
{
    private const double MostRefused = 0.005;
    private const int Tokens = 60_000;
    private const int Callers = 10;
    private const double Seconds = 12;

    /// <summary>Half of a window is used when the server is killed; the next one must know it.</summary>
    [Theory]
    [InlineData("bucket", ChargeRule.LargerOfCharactersAndMax)]
    [InlineData("sliding", ChargeRule.LargerOfCharactersAndMax)]
    [InlineData("fixed", ChargeRule.LargerOfCharactersAndMax)]
    [InlineData("sliding", ChargeRule.PromptPlusMax)]
    public async Task Overload_AcrossAKill_IsRefusedNextToNothing(string algorithm, ChargeRule rule)
    {
        var limit = algorithm switch
        {
            "bucket" => new Limit(Counts.Tokens, Tokens) { Capacity = Tokens / 6.0 },
            "sliding" => new Limit(Counts.Tokens, Tokens, 60, Enforcement.Sliding),
            _ => new Limit(Counts.Tokens, Tokens, 60, Enforcement.Fixed) { PhaseSeconds = 120 },
        };
        await using var stage = await Stage.StartAsync(
            new Settings { Deployments = [new Deployment(Stage.ProviderKey, "gpt", Api.OpenAI) { Charge = rule, Limits = [limit], FirstTokenMs = 300 }] },
            endpoint => new { accounts = new[] { Stage.Account("a", "openai", endpoint, "gpt", algorithm == "bucket" ? new { tpm = Tokens, burstSeconds = 10 } : (object)new { tpm = Tokens, algorithm }) } });

        var killed = new Fleet(stage).RunAsync(Callers, TimeSpan.FromSeconds(60), Call);
        while (stage.Provider.Tell().Deployments[0].Limits[0].Charged < Tokens / 2.0 && !killed.IsCompleted)
        {
            await Task.Delay(20);
        }

        await stage.KillServerAsync();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => killed);
        var before = stage.Provider.Tell().Deployments[0];
        await stage.StartServerAsync();
        await new Fleet(stage).RunAsync(Callers, TimeSpan.FromSeconds(Seconds), Call);

        var truth = stage.Provider.Tell().Deployments[0];
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{before.Accepted} accepted before the kill, {truth.Accepted - before.Accepted} after it, {truth.Refused} refused; {truth.Limits[0].Charged:0} charged"));
        Assert.InRange(truth.Refused, 0, MostRefused * truth.Accepted);
        Assert.True(truth.Accepted > before.Accepted);
    }

    private static Ask Call(int caller, int sent) => Ask.Chat("gpt", 60, 150);
}
