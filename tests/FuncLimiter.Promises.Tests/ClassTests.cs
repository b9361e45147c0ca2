using System.Globalization;
using FuncLimiter.IndependentProvider;
using FuncLimiter.Promises.Tests.Hosting;
using Xunit.Abstractions;

namespace FuncLimiter.Promises.Tests;

/// <summary>Promise 4: interactive before standard before background, each with a floor.</summary>
public sealed class ClassTests(ITestOutputHelper output)
{
    private const int Requests = 1200;

    [Fact]
    public async Task Background_BesideMoreInteractiveThanFits_KeepsItsFloor()
    {
        await using var stage = await StartAsync();
        var fleets = new[] { ("interactive", 40), ("standard", 20), ("background", 20) };
        await Task.WhenAll(fleets.Select(fleet => new Fleet(stage).RunAsync(fleet.Item2, TimeSpan.FromSeconds(20), (_, _) => Call(fleet.Item1))));

        var labels = stage.Provider.Tell().Deployments[0].Labels;
        var all = (double)labels.Values.Sum(label => label.Calls);
        foreach (var (name, label) in labels)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {label.Calls / all:0.000}"));
        }

        Assert.InRange(labels["background"].Calls / all, 0.04, 0.08);
        Assert.InRange(labels["standard"].Calls / all, 0.085, 0.14);
    }

    [Fact]
    public async Task Interactive_BesideAPileOfBackground_HardlyWaits()
    {
        await using var stage = await StartAsync();
        var (background, interactive) = (new Fleet(stage), new Fleet(stage));
        await Task.WhenAll(
            background.RunAsync(100, TimeSpan.FromSeconds(20), (_, _) => Call("background")),
            interactive.RunAsync(1, TimeSpan.FromSeconds(20), (_, _) => Call("interactive")));

        var waits = interactive.Outcomes.Select(outcome => outcome.Waited.TotalMilliseconds).Order().ToArray();
        var others = background.Outcomes.Where(outcome => outcome.Status == 200).Select(outcome => outcome.Waited.TotalMilliseconds).Order().ToArray();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"interactive p50 {waits[waits.Length / 2]} p99 {waits[waits.Length * 99 / 100]} ms of {waits.Length}; background p50 {others[others.Length / 2]} ms"));
        Assert.All(interactive.Outcomes, outcome => Assert.Equal(200, outcome.Status));

        // A slot comes every 50 ms, and one in twenty is background's; the others wait for seconds.
        Assert.InRange(waits[waits.Length * 9 / 10], 0, 1000);
        Assert.True(others[others.Length / 2] > 2000);
    }

    private static Task<Stage> StartAsync() => Stage.StartAsync(
        new Settings { Deployments = [new Deployment(Stage.ProviderKey, "gpt", Api.OpenAI) { Limits = [new Limit(Counts.Requests, Requests) { Capacity = Requests / 60 }] }] },
        endpoint => new { accounts = new[] { Stage.Account("a", "openai", endpoint, "gpt", new { rpm = Requests, burstSeconds = 1 }) } });

    private static Ask Call(string priority) => Ask.Chat("gpt", 10, 50, priority, headers: ("X-Priority", priority));
}
