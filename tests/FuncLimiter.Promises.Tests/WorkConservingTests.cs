using System.Globalization;
using FuncLimiter.IndependentProvider;
using FuncLimiter.Promises.Tests.Hosting;
using Xunit.Abstractions;

namespace FuncLimiter.Promises.Tests;

/// <summary>Promise 2: what fits goes out now, and nothing of a limit is kept back.</summary>
public sealed class WorkConservingTests(ITestOutputHelper output)
{
    private const double Used = 0.95;
    private const int Requests = 1200;

    [Fact]
    public async Task Overload_OnABucket_UsesItsRefill()
    {
        await using var stage = await StartAsync(new Limit(Counts.Requests, Requests) { Capacity = Requests / 30 }, new { rpm = Requests, burstSeconds = 2 });
        var running = new Fleet(stage).RunAsync(60, TimeSpan.FromSeconds(20), Call);
        await Task.Delay(TimeSpan.FromSeconds(5));
        var warm = stage.Provider.Tell();
        await Task.Delay(TimeSpan.FromSeconds(14));
        var end = stage.Provider.Tell();
        await running;

        var possible = (end.Seconds - warm.Seconds) * Requests / 60;
        Tell(end.Deployments[0].Accepted - warm.Deployments[0].Accepted, possible, end);
        Assert.InRange(end.Deployments[0].Accepted - warm.Deployments[0].Accepted, Used * possible, double.PositiveInfinity);
    }

    /// <summary>A minute's amount, and when it rolls out of the window the next.</summary>
    [Fact]
    public async Task Overload_OnASlidingWindow_UsesEachMinute()
    {
        await using var stage = await StartAsync(new Limit(Counts.Requests, Requests, 60, Enforcement.Sliding), new { rpm = Requests, algorithm = "sliding" });
        var possible = 2 * Requests;
        await UntilAsync(stage, possible, TimeSpan.FromSeconds(90));

        // What went out in the first seconds can go again a minute later, and no sooner.
        Assert.InRange(stage.Provider.Tell().Deployments[0].Accepted, Used * possible, possible);
    }

    /// <summary>What is left of the minute that runs, and the whole of the next.</summary>
    [Theory]
    [InlineData("openai", Api.OpenAI)]
    [InlineData("azure-openai", Api.Azure)]
    public async Task Overload_OnFixedMinutes_UsesEach(string provider, Api api)
    {
        const double Phase = 14;
        await using var stage = await StartAsync(
            new Limit(Counts.Requests, Requests, 60, Enforcement.Fixed) { PhaseSeconds = Phase }, new { rpm = Requests, algorithm = "fixed", sliceSeconds = 0 }, provider, api);
        var possible = 2 * Requests;
        await UntilAsync(stage, possible, TimeSpan.FromSeconds(Phase + 16));

        Assert.InRange(stage.Provider.Tell().Deployments[0].Accepted, Used * possible, possible);
    }

    [Theory]
    [InlineData("deployment")]
    [InlineData("tenant")]
    [InlineData("user")]
    public async Task CallsThatFit_OnAnIdleSystem_GoOutAtOnceForWhoeverDoesNotWait(string scope)
    {
        var limits = new { rpm = 60 };
        await using var stage = await Stage.StartAsync(
            Offered(new Limit(Counts.Requests, Requests), Api.OpenAI),
            endpoint => new
            {
                accounts = new[] { Stage.Account("a", "openai", endpoint, "gpt", scope == "deployment" ? limits : (object)new { rpm = Requests }) },
                tenants = new[] { Stage.Tenant("acme", limits: scope == "tenant" ? limits : null, userLimits: scope == "user" ? limits : null) },
            });

        for (var call = 0; call < 8; call++)
        {
            var outcome = await stage.CallAsync(Ask.Chat("gpt", 10, 20, headers: [("Authorization", "Bearer key-acme"), ("X-User", "ann"), ("Prefer", "wait=0")]));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{call}: {outcome.Status} after {outcome.Waited.TotalMilliseconds} ms"));
            Assert.True(outcome.Status == 200, outcome.Text);
        }

        // The same all at once: half a minute's amount is left.
        var many = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => stage.CallAsync(
            Ask.Chat("gpt", 10, 20, headers: [("Authorization", "Bearer key-acme"), ("X-User", "ann"), ("Prefer", "wait=0")]))));
        Assert.All(many, outcome => Assert.True(outcome.Status == 200, outcome.Text));
    }

    private static Task<Stage> StartAsync(Limit limit, object limits, string provider = "openai", Api api = Api.OpenAI) => Stage.StartAsync(
        Offered(limit, api), endpoint => new { accounts = new[] { Stage.Account("a", provider, endpoint, "gpt", limits) } });

    private static Settings Offered(Limit limit, Api api) => new() { Deployments = [new Deployment(Stage.ProviderKey, "gpt", api) { Limits = [limit] }] };

    private static Ask Call(int caller, int sent) => Ask.Chat("gpt", 10, 20);

    /// <summary>Asks for more than fits until so much was taken, or the time is over.</summary>
    private async Task UntilAsync(Stage stage, int possible, TimeSpan longest)
    {
        using var enough = new CancellationTokenSource();
        var running = new Fleet(stage).RunAsync(60, longest, Call, enough.Token);
        while (!running.IsCompleted && stage.Provider.Tell().Deployments[0].Accepted < possible)
        {
            await Task.Delay(200);
        }

        var end = stage.Provider.Tell();
        Tell(end.Deployments[0].Accepted, possible, end);
        await enough.CancelAsync();
        await running;
    }

    private void Tell(long accepted, double possible, Truth truth) => output.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{accepted} of {possible:0} accepted ({accepted / possible:0.000}), {truth.Deployments[0].Refused} refused, {truth.Seconds:0.0} s"));
}
