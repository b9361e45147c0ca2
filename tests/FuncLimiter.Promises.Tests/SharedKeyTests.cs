using System.Diagnostics;
using System.Globalization;
using FuncLimiter.IndependentProvider;
using FuncLimiter.Promises.Tests.Hosting;
using Xunit.Abstractions;

namespace FuncLimiter.Promises.Tests;

/// <summary>
/// Two keys of one organization: each has the whole limit by the configuration, and at the provider they share it. In fixed windows calls come in
/// short bursts, so how soon it is found there hangs on where the minute stands when the fleet starts: that is tested in virtual time.
/// </summary>
public sealed class SharedKeyTests(ITestOutputHelper output)
{
    private const int Tokens = 120_000;
    private const string Found = "shared:found/a/gpt+b/gpt";
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);

    [Theory]
    [InlineData("bucket", ChargeRule.LargerOfCharactersAndMax)]
    [InlineData("bucket", ChargeRule.PromptPlusMax)]
    [InlineData("sliding", ChargeRule.LargerOfCharactersAndMax)]
    public async Task KeysThatShareALimit_AreFound_AlsoAcrossAKill(string algorithm, ChargeRule rule)
    {
        var limit = algorithm == "bucket"
            ? new Limit(Counts.Tokens, Tokens) { Capacity = Tokens / 6.0 }
            : new Limit(Counts.Tokens, Tokens, 60, Enforcement.Sliding);
        var limits = algorithm == "bucket" ? new { tpm = Tokens, burstSeconds = 10 } : (object)new { tpm = Tokens, algorithm };
        await using var stage = await Stage.StartAsync(
            new Settings { Deployments = [new Deployment(Stage.ProviderKey, "gpt", Api.OpenAI) { Charge = rule, Limits = [limit], FirstTokenMs = 300 }] },
            endpoint => new { accounts = new[] { Stage.Account("a", "openai", endpoint, "gpt", limits), Stage.Account("b", "openai", endpoint, "gpt", limits) } });
        using var found = new CancellationTokenSource();
        var clock = Stopwatch.StartNew();

        var fleet = new Fleet(stage).RunAsync(100, Longest, Call, found.Token);
        while (!await IsFoundAsync(stage) && !fleet.IsCompleted)
        {
            await Task.Delay(100);
        }

        var truth = stage.Provider.Tell().Deployments[0];
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"found after {clock.Elapsed.TotalSeconds:0} s, {truth.Refused} of {truth.Accepted + truth.Refused} refused until then"));
        Assert.True(await IsFoundAsync(stage));
        await found.CancelAsync();
        await fleet;

        // A checkpoint is made each second.
        await Task.Delay(TimeSpan.FromSeconds(3));
        await stage.KillServerAsync();
        await stage.StartServerAsync();
        Assert.True(await IsFoundAsync(stage));
    }

    private static async Task<bool> IsFoundAsync(Stage stage) =>
        (await stage.GetAsync("/status"))["budgets"]!.AsArray().Any(budget => budget!["name"]!.GetValue<string>() == Found && budget["found"] is not null);

    private static Ask Call(int caller, int sent) => Ask.Chat("gpt", 20 + (caller * 7 % 100), 100 + (sent * 37 % 200));
}
