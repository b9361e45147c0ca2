using System.Globalization;
using System.Text.RegularExpressions;
using FuncLimiter.IndependentProvider;
using FuncLimiter.Promises.Tests.Hosting;
using Xunit.Abstractions;

namespace FuncLimiter.Promises.Tests;

/// <summary>Promise 9: what is shown to be in use of a limit is what the provider itself counts, by whatever rule it charges.</summary>
public sealed class ShownTests(ITestOutputHelper output)
{
    private const double Within = 0.02;
    private const int Tokens = 120_000;
    private const int Requests = 1200;
    private const int Callers = 20;
    private const int Words = 60;
    private const int MaxTokens = 100;
    private const double BurstSeconds = 10;

    [Theory]
    [InlineData("bucket", ChargeRule.PromptPlusCompletion)]
    [InlineData("bucket", ChargeRule.PromptPlusMax)]
    [InlineData("sliding", ChargeRule.PromptPlusCompletion)]
    [InlineData("sliding", ChargeRule.PromptPlusMax)]
    [InlineData("fixed", ChargeRule.PromptPlusCompletion)]
    [InlineData("fixed", ChargeRule.PromptPlusMax)]
    public async Task Use_UnderOverload_IsWhatTheProviderCounts(string algorithm, ChargeRule rule)
    {
        await using var stage = await Stage.StartAsync(
            new Settings { Deployments = [new Deployment(Stage.ProviderKey, "gpt", Api.OpenAI) { Charge = rule, Limits = [Held(Counts.Requests, Requests, algorithm), Held(Counts.Tokens, Tokens, algorithm)] }] },
            endpoint => new
            {
                accounts = new[]
                {
                    Stage.Account("a", "openai", endpoint, "gpt", algorithm == "bucket" ? new { rpm = Requests, tpm = Tokens, burstSeconds = BurstSeconds } : (object)new { rpm = Requests, tpm = Tokens, algorithm }),
                },
            });

        for (var first = 0; first < 5; first++)
        {
            Assert.Equal(200, (await stage.CallAsync(Call(waitSeconds: 60))).Status);
        }

        var worst = 0.0;
        for (var again = 0; again < 5; again++)
        {
            // While they run, each of them may have a call under way that only one of the two has counted, or by its estimate.
            var running = new Fleet(stage).RunAsync(Callers, TimeSpan.FromSeconds(1.5), (_, _) => Call());
            await Task.Delay(TimeSpan.FromSeconds(1));
            var busy = await LookAsync(stage);
            await running;
            await UntilQuietAsync(stage);
            var quiet = await LookAsync(stage);
            output.WriteLine($"while it runs: {string.Join("; ", busy)}{Environment.NewLine}quiet: {string.Join("; ", quiet)}");

            worst = Math.Max(worst, quiet.Max(use => use.Off));
            Assert.All(quiet, use => Assert.True(use.Off <= Within, $"{use}"));
            Assert.All(busy, use => Assert.True(use.Off <= Within + use.UnderWay, $"{use}"));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"worst when quiet: {worst:0.0000}; {stage.Provider.Tell().Deployments[0].Accepted} accepted, {stage.Provider.Tell().Deployments[0].Refused} refused"));
    }

    // Whoever would wait for longer is refused, so that all that is under way ends soon.
    private static Ask Call(int waitSeconds = 1) =>
        Ask.Chat("gpt", Words, MaxTokens, headers: ("Prefer", string.Create(CultureInfo.InvariantCulture, $"wait={waitSeconds}")));

    private static Limit Held(Counts counts, double amount, string algorithm) => algorithm switch
    {
        "bucket" => new(counts, amount) { Capacity = amount / 60 * BurstSeconds },
        "sliding" => new(counts, amount, 60, Enforcement.Sliding),
        _ => new(counts, amount, 60, Enforcement.Fixed) { PhaseSeconds = 12 },
    };

    /// <summary>A call is over for the provider once the last of its answer was sent, and for the server a moment later.</summary>
    private static async Task UntilQuietAsync(Stage stage)
    {
        for (var (before, same) = (-1.0, 0); same < 3;)
        {
            await Task.Delay(100);
            var consumed = (await stage.MeterAsync("deployment:a/gpt", "tokens"))["consumed"]!.GetValue<double>();
            (before, same) = (consumed, consumed == before ? same + 1 : 0);
        }
    }

    private static async Task<List<Seen>> LookAsync(Stage stage)
    {
        var before = stage.Provider.Tell().Deployments[0].Limits;
        var status = await Task.WhenAll(stage.MeterAsync("deployment:a/gpt", "requests"), stage.MeterAsync("deployment:a/gpt", "tokens"));
        var between = stage.Provider.Tell().Deployments[0].Limits;
        var metrics = await stage.Client.GetStringAsync("/metrics");
        var after = stage.Provider.Tell().Deployments[0].Limits;
        var seen = new List<Seen>();
        foreach (var (index, dimension, each) in new[] { (0, "requests", 1), (1, "tokens", (2 * Words) + MaxTokens) })
        {
            var underWay = Callers * each / before[index].Whole;
            seen.Add(new($"{dimension} in /status", status[index]["use"]!.GetValue<double>(), before[index].Use, between[index].Use, underWay));
            var line = Regex.Match(metrics, $$"""^funclimiter_use\{budget="deployment:a/gpt",dimension="{{dimension}}",window_seconds="60"\} (\S+)""", RegexOptions.Multiline);
            seen.Add(new($"{dimension} in /metrics", double.Parse(line.Groups[1].Value, CultureInfo.InvariantCulture), between[index].Use, after[index].Use, underWay));
        }

        return seen;
    }

    /// <summary>What was shown, and what the provider counted just before and just after.</summary>
    private sealed record Seen(string What, double Shown, double Before, double After, double UnderWay)
    {
        public double Off => Math.Max(0, Math.Max(Shown - Math.Max(Before, After), Math.Min(Before, After) - Shown));

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{What} {Shown:0.000}, the provider {Before:0.000} to {After:0.000}");
    }
}
