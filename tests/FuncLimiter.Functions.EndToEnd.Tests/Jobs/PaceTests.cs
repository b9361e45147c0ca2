using System.Diagnostics;
using System.Globalization;
using FuncLimiter.Functions.EndToEnd.Tests.Hosting;
using FuncLimiter.Server.Tests.Http;
using FuncLimiter.Server.Tests.Processes;
using Xunit.Abstractions;

namespace FuncLimiter.Functions.EndToEnd.Tests.Jobs;

/// <summary>How fast jobs get on, beside the embedded server at the same limits and at the same time.</summary>
[TakesLong]
public sealed class PaceTests(ITestOutputHelper output)
{
    private static readonly Setup TenCallsASecond = new() { Anthropic = 600, Jobs = new { maxCalls = 500 } };

    [EndToEndFact]
    public async Task ListOf300_TakesHalfAsLongAgainAsAtTheEmbeddedServer_AtMost()
    {
        await using var setup = await AppSetup.CreateAsync(TenCallsASecond);
        await using var app = await setup.StartAsync();
        await using var provider = await TenCallsASecond.StartDoubleAsync();
        using var folder = TenCallsASecond.Folder(provider.BaseAddress);
        await using var server = await folder.StartAsync();

        using var machine = new MachineLoad();
        var times = await Task.WhenAll(TimeAsync(app.Client), TimeAsync(server.Client));

        var (functions, embedded) = (times[0].TotalSeconds, times[1].TotalSeconds);
        var ratio = functions / embedded;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"list of 300 at ten calls a second: {functions:0.0} s, at the embedded server {embedded:0.0} s, ratio {ratio:0.00}; the machine takes {machine.Slowdown:0.0} times as long as alone"));

        // The embedded server needs next to no processor for it, the Durable backend and its storage do.
        Assert.InRange(ratio, 0, 1.5 * machine.Slowdown);

        // Below 0.5 % of the first minute's calls.
        Assert.All([setup.Provider.Report()["claude-x"].Rejected, provider.Report()["claude-x"].Rejected], rejected => Assert.InRange(rejected, 0, 1));
    }

    [EndToEndFact]
    public async Task Call_UnderWayForAJobThatIsGivenUp_IsCutAtTheProvider()
    {
        await using var setup = await AppSetup.CreateAsync(new Setup { Latency = TimeSpan.FromMinutes(3) });
        await using var app = await setup.StartAsync();
        var accepted = await app.Client.PostAsync("/jobs", JobTests.Requested(DialectCall.OpenAI), ("x-api-key", Setup.AcmeKey));
        await UntilAsync(() => setup.Provider.Report().Deployments[0].Calls == 1);

        var clock = Stopwatch.StartNew();
        await GivenUpJob.GiveUpAsync(app.Client, accepted.Headers["Location"], Setup.AcmeKey);
        await UntilAsync(() => setup.Provider.Report().Deployments[0].Cancelled == 1);

        // That it takes two seconds at most is held in virtual time: a machine that is busy gets to it later.
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"a call of a job that was given up was cut after {clock.Elapsed.TotalSeconds:0.0} s"));
        Assert.Equal(0, setup.Provider.Report().Deployments[0].Completed);
    }

    private static async Task<TimeSpan> TimeAsync(HttpClient client)
    {
        var clock = Stopwatch.StartNew();
        var accepted = await client.PostAsync("/jobs", ListTests.List(DialectCall.Anthropic, 300), ("x-api-key", Setup.AcmeKey));
        var job = await client.UntilEndedAsync(accepted.Headers["Location"], Setup.AcmeKey, AppProcess.Longest);
        Assert.Equal(300, job["progress"]!["succeeded"]!.GetValue<int>());
        return clock.Elapsed;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < AppProcess.Longest, "It did not happen.");
            await Task.Delay(20);
        }
    }
}
