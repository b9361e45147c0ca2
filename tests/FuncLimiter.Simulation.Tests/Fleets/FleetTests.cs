using System.Collections.Concurrent;
using FuncLimiter.Simulation.Fleets;
using FuncLimiter.Simulation.Providers;
using FuncLimiter.Simulation.Providers.Faults;
using FuncLimiter.Simulation.Providers.Hosting;

namespace FuncLimiter.Simulation.Tests.Fleets;

/// <summary>Short runs of real agents against a real double.</summary>
public class FleetTests
{
    private static readonly DeploymentOptions Open = new("sk-a", "gpt-x") { Latency = new(TimeSpan.FromMilliseconds(5), TimeSpan.Zero) };

    [Theory]
    [InlineData(ProviderDialect.OpenAI, false)]
    [InlineData(ProviderDialect.OpenAI, true)]
    [InlineData(ProviderDialect.Anthropic, false)]
    [InlineData(ProviderDialect.Anthropic, true)]
    public async Task Fleet_CountsWhatTheProviderServed(ProviderDialect dialect, bool stream)
    {
        await using var provider = await StartAsync(Open with { Dialect = dialect });

        var report = await RunUntilAsync(Options(provider, stream) with { Dialect = dialect }, fleet => fleet.Ok >= 100);

        var served = provider.Report()["gpt-x"];
        Assert.Equal((0, 0), (report.Refused429, report.Failed));
        Assert.InRange(report.Ok, 5, long.MaxValue);
        Assert.Equal(report.Calls, report.Ok + report.Abandoned);
        Assert.InRange(served.Completed, report.Ok, report.Calls);
        Assert.InRange(served.InputTokens + served.OutputTokens, report.TokensByTenant.Values.Sum(), long.MaxValue);
        Assert.All(report.Groups, group => Assert.True(group.Tokens > 0));
        Assert.Equal(report.Ok, report.Waits.Values.Sum(waits => waits.Count));

        // The double answers after five milliseconds; timers may be over a millisecond or two early.
        Assert.InRange(report.Waits[FleetPriority.Interactive].P50, 2.5, 1000);
    }

    [Fact]
    public async Task Agents_SayWhoTheyAreAndTakeTheWaitFromItsHeader()
    {
        var seen = new ConcurrentBag<Dictionary<string, string>>();
        await using var server = await LoopbackServer.StartAsync(
            0,
            context =>
            {
                seen.Add(context.Request.Headers.ToDictionary(
                    header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));
                context.Response.Headers["X-FuncLimiter-Waited-Ms"] = "1234";
                return context.Response.Body.WriteAsync("{}"u8.ToArray()).AsTask();
            },
            CancellationToken.None);

        var report = await RunUntilAsync(Options(server.BaseAddress, stream: false), fleet => fleet.Ok >= 100);

        var background = seen.First(headers => headers["X-User"] == "b-Background-0");
        Assert.Equal("Bearer key-b", background["Authorization"]);
        Assert.Equal("background", background["X-Priority"]);
        Assert.Equal("fleet", background["X-Workflow"]);
        Assert.StartsWith("step-", background["X-Step"], StringComparison.Ordinal);
        Assert.StartsWith("b-Background-0-", background["X-Run"], StringComparison.Ordinal);
        Assert.Equal(1234, report.Waits[FleetPriority.Background].P99);
        Assert.True(report.Latencies[FleetPriority.Background].P50 < 1234);
    }

    [Fact]
    public async Task RefusedAgent_TriesTwiceMoreAndGivesUp()
    {
        await using var provider = await StartAsync(Open with { Limits = [LimitOptions.Tpm(10)] });
        var options = Options(provider, stream: false) with { Retry = new RetryOptions { FirstPause = TimeSpan.FromMilliseconds(10) } };

        var report = await RunUntilAsync(options, fleet => fleet.GaveUp > 0);

        Assert.Equal(0, report.Ok);
        Assert.True(report.GaveUp > 0);
        Assert.InRange(report.Refused429, 3 * report.GaveUp, 3 * report.Calls);
        Assert.InRange(provider.Report().Rejected, report.Refused429, report.Requests);
    }

    [Fact]
    public async Task Failures_AreCountedByStatusAndByException()
    {
        await using var provider = await StartAsync(Open);
        var options = Options(provider, stream: false) with { Retry = new RetryOptions { Retries = 0 } };
        provider.AddFaults([new FaultRule(FaultKind.ServerError) { Every = 3 }, new FaultRule(FaultKind.CutStream) { Every = 3 }]);

        var report = await RunUntilAsync(options, fleet => fleet is { Ok: >= 20, Failed: >= 20 });

        Assert.True(report.Failures["500"] > 0);
        Assert.True(report.Failures[nameof(HttpRequestException)] > 0);
        Assert.True(report.Ok > 0);
        Assert.Equal(report.Calls, report.Ok + report.Failed + report.Abandoned);
    }

    [Fact]
    public async Task Progress_IsToldAsItGoes()
    {
        await using var provider = await StartAsync(Open);
        var told = new ConcurrentQueue<FleetProgress>();

        var report = await RunUntilAsync(Options(provider, stream: false), fleet =>
        {
            told.Enqueue(fleet);
            return fleet.Answered[FleetPriority.Interactive] >= 20;
        });

        Assert.InRange(told.Count, 1, report.Elapsed / Options(provider, stream: false).ProgressEvery + 1);
        Assert.Equal(told.Select(each => each.Ok).Order(), told.Select(each => each.Ok));
        Assert.InRange(told.Last().Ok, 1, report.Ok);
        Assert.True(told.Last().Answered[FleetPriority.Interactive] > 0);
    }

    /// <summary>Ends the fleet as soon as enough has happened, however busy the machine is.</summary>
    private static async Task<FleetReport> RunUntilAsync(FleetOptions options, Func<FleetProgress, bool> enough)
    {
        using var over = new CancellationTokenSource();
        return await Fleet.RunAsync(
            options,
            new Listener(progress =>
            {
                if (enough(progress))
                {
                    over.Cancel();
                }
            }),
            cancellationToken: over.Token);
    }

    private static Task<ProviderDouble> StartAsync(DeploymentOptions deployment) =>
        ProviderDouble.StartAsync(new ProviderDoubleOptions { Deployments = [deployment] });

    private static FleetOptions Options(ProviderDouble provider, bool stream) =>
        Options(provider.BaseAddress, stream) with { KeyForAll = "sk-a" };

    private static FleetOptions Options(Uri address, bool stream) => new()
    {
        BaseAddress = address,
        Duration = TimeSpan.FromMinutes(1),
        ProgressEvery = TimeSpan.FromMilliseconds(20),
        Tenants =
        [
            new FleetTenant("a", 1, "key-a", [Group(FleetPriority.Interactive, stream)]),
            new FleetTenant("b", 2, "key-b", [Group(FleetPriority.Interactive, stream), Group(FleetPriority.Background, stream)]),
        ],
    };

    private static AgentGroup Group(FleetPriority priority, bool stream) => new(priority, 5, "gpt-x")
    {
        ThinkTime = TimeSpan.FromMilliseconds(20),
        MaxTokens = (10, 20),
        Stream = stream,
    };

    private sealed class Listener(Action<FleetProgress> told) : IProgress<FleetProgress>
    {
        public void Report(FleetProgress value) => told(value);
    }
}
