using System.Globalization;
using FuncLimiter.IndependentProvider;
using FuncLimiter.Promises.Tests.Hosting;
using Xunit.Abstractions;

namespace FuncLimiter.Promises.Tests;

/// <summary>Promise 5: nothing leaves before the end that a provider has told, however it tells it, and then only what fits.</summary>
public sealed class ObedientTests(ITestOutputHelper output)
{
    /// <summary>What was on its way when the hint came may arrive after it was told, and no later than this.</summary>
    private const double UnderWaySeconds = 1.5;

    [Theory]
    [InlineData(429, HintStyle.Seconds, Api.OpenAI)]
    [InlineData(503, HintStyle.Milliseconds, Api.OpenAI)]
    [InlineData(503, HintStyle.Date, Api.Azure)]
    [InlineData(529, HintStyle.Seconds, Api.Anthropic)]
    public async Task Calls_AfterAHint_WaitForItsEndAndThenFit(int status, HintStyle style, Api api)
    {
        const int Requests = 600;
        var deployment = new Deployment(Stage.ProviderKey, "model", api) { Limits = [new Limit(Counts.Requests, Requests) { Capacity = Requests / 60 }, new Limit(Counts.InputTokens, 10_000_000)] };
        var kind = api switch { Api.OpenAI => "openai", Api.Azure => "azure-openai", _ => "anthropic" };
        await using var stage = await Stage.StartAsync(
            new Settings { Deployments = [deployment] },
            endpoint => new { accounts = new[] { Stage.Account("a", kind, endpoint, "model", new { rpm = Requests, burstSeconds = 1 }) } });
        var fleet = new Fleet(stage);
        var running = fleet.RunAsync(30, TimeSpan.FromSeconds(16), (_, _) => api == Api.Anthropic ? Ask.Message("model", 10, 50) : Ask.Chat("model", 10, 50));
        await Task.Delay(TimeSpan.FromSeconds(4));
        var before = stage.Provider.Tell().Deployments[0].Accepted;
        var begun = stage.Provider.Tell().Seconds;
        stage.Provider.Begin(new Trouble(status, 6, Hints: style));
        await running;

        var truth = stage.Provider.Tell();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{before} before, {truth.Deployments[0].Accepted} in all; after the hint came {truth.Early.Count}: {string.Join(' ', truth.Early.Select(early => early.ToString("0.00", CultureInfo.InvariantCulture)))}; refused {truth.Deployments[0].Refused} at {string.Join(' ', truth.Deployments[0].RefusedAt.Select(at => at.ToString("0.0", CultureInfo.InvariantCulture)))}, trouble began at {begun:0.0} s"));
        Assert.All(truth.Early, early => Assert.InRange(early, 0, UnderWaySeconds));
        Assert.Equal(0, truth.Deployments[0].Refused);
        Assert.True(truth.Deployments[0].Accepted > before + 20);
        Assert.All(fleet.Outcomes, outcome => Assert.Equal(200, outcome.Status));
    }
}
