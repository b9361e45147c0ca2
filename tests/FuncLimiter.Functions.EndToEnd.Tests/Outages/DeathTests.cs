using System.Text.Json.Nodes;
using FuncLimiter.Functions.EndToEnd.Tests.Hosting;
using FuncLimiter.Server.Tests.Http;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Functions.EndToEnd.Tests.Outages;

/// <summary>The app's process dies with calls under way.</summary>
[TakesLong]
public sealed class WorkerDeathTests : DeathTests
{
    [EndToEndFact]
    public async Task WorkerKilled_IsStartedAgain_AndTheListGoesOn()
    {
        await using var setup = await AppSetup.CreateAsync(Slow);
        await using var app = await setup.StartAsync();
        var list = await HandInAsync(app, setup.Provider);

        app.KillWorker();

        await AllEndedAsync(app.Client, list, setup.Provider);
    }
}

/// <summary>An instance dies with calls under way.</summary>
[TakesLong]
public sealed class HostDeathTests : DeathTests
{
    [EndToEndFact]
    public async Task HostKilled_ItsWorkIsDoneByTheOther_AfterTheVisibilityTimeout()
    {
        await using var setup = await AppSetup.CreateAsync(Slow);
        await using var first = await setup.StartAsync();
        await using var second = await setup.StartAsync();
        var list = await HandInAsync(first, setup.Provider);

        await first.KillAsync();

        await AllEndedAsync(second.Client, list, setup.Provider);
    }
}

/// <summary>What tests of deaths have in common: every accepted call ends in one outcome, under one idempotency key.</summary>
public abstract class DeathTests
{
    private const int Calls = 60;
    private protected static readonly Setup Slow = new() { OpenAI = 300, BurstSeconds = 2, Latency = TimeSpan.FromSeconds(1), Jobs = new { maxCalls = 500 } };

    private protected static async Task<string> HandInAsync(AppProcess app, ProviderDouble provider)
    {
        var accepted = await app.Client.PostAsync("/jobs", List(), ("x-api-key", Setup.AcmeKey));
        var end = DateTime.UtcNow + AppProcess.Longest;
        while (provider.Report().Deployments[0].Completed < 10)
        {
            Assert.True(DateTime.UtcNow < end, "The list did not begin.");
            await Task.Delay(50);
        }

        return accepted.Headers["Location"];
    }

    private protected static async Task AllEndedAsync(HttpClient client, string job, ProviderDouble provider)
    {
        var end = DateTime.UtcNow + AppProcess.Longest;
        JsonNode? shown = null;
        while (shown?["endedAt"] is null)
        {
            Assert.True(DateTime.UtcNow < end, $"The job did not end: {shown}");
            await Task.Delay(500);
            try
            {
                var reply = await client.FetchAsync(job, ("x-api-key", Setup.AcmeKey));
                shown = reply.Status == 200 ? reply.Json : shown;
            }
            catch (HttpRequestException)
            {
                // The app's process is being started again.
            }
        }

        // A call that was under way with the process is made again, under its own key.
        Assert.Equal(Calls, shown["progress"]!["succeeded"]!.GetValue<int>());
        var report = provider.Report();
        Assert.Equal(0, report.Deployments[0].Rejected);
        Assert.Equal(Calls, report.Idempotency.Distinct);
    }

    private static string List() => new JsonArray([.. Enumerable.Range(0, Calls).Select(n => JsonNode.Parse(JobOf(n)))]).ToJsonString();

    private static string JobOf(int n) => $$"""{"path":"{{DialectCall.OpenAI.Path}}","body":{{DialectCall.OpenAI.Body($"call {n}")}}}""";
}
