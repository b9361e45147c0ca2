using System.Text.Json.Nodes;
using FuncLimiter.Server.Tests.Http;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Server.Tests.Batches;

/// <summary>A server, the double behind it, and jobs of many calls.</summary>
internal sealed class BatchRun : IAsyncDisposable
{
    private const int CallsOfAJob = 500;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);

    private readonly Setup _setup;
    private readonly ServerFolder _folder;
    private ServerProcess _server;

    private BatchRun(Setup setup, ProviderDouble provider, ServerFolder folder, ServerProcess server) =>
        (_setup, Provider, _folder, _server) = (setup, provider, folder, server);

    public ProviderDouble Provider { get; }

    public HttpClient Client => _server.Client;

    public static async Task<BatchRun> StartAsync(Setup setup)
    {
        setup = setup with { Jobs = new { maxCalls = CallsOfAJob } };
        var provider = await setup.StartDoubleAsync();
        var folder = setup.Folder(provider.BaseAddress);
        return new BatchRun(setup, provider, folder, await folder.StartAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
        await Provider.DisposeAsync();
    }

    public async Task KillAsync()
    {
        await _server.KillAsync();
        await _server.DisposeAsync();
    }

    /// <summary>Starts the next server on the same data, with batches used in another way.</summary>
    public async Task RestartAsync(object batch)
    {
        _folder.Configure((_setup with { Batch = batch }).Configuration(Provider.BaseAddress));
        _server = await _folder.StartAsync();
    }

    /// <summary>Hands calls in, as jobs of some calls each.</summary>
    public async Task<string[]> HandInAsync(DialectCall call, int calls, string priority = "background", int? deadlineSeconds = null, string? path = null)
    {
        var jobs = new List<string>();
        foreach (var some in Enumerable.Range(0, calls).Chunk(CallsOfAJob))
        {
            var list = some.Select(_ => new JsonObject
            {
                ["path"] = path ?? call.Path,
                ["body"] = BodyOf(call),
                ["priority"] = priority,
                ["deadlineSeconds"] = deadlineSeconds ?? 86_400,
            });
            var accepted = await Client.PostAsync("/jobs", new JsonArray([.. list]).ToJsonString(), ("x-api-key", Setup.AcmeKey));
            Assert.True(accepted.Status == 202, accepted.Text);
            jobs.Add(accepted.Headers["Location"]);
        }

        return [.. jobs];
    }

    public async Task<bool> AllEndedAsync(string[] jobs)
    {
        foreach (var job in jobs)
        {
            if ((await Client.FetchAsync($"{job}?from=0", ("x-api-key", Setup.AcmeKey))).Json["endedAt"] is null)
            {
                return false;
            }
        }

        return true;
    }

    public async Task UntilAllEndedAsync(string[] jobs)
    {
        var end = DateTime.UtcNow + Longest;
        while (!await AllEndedAsync(jobs))
        {
            Assert.True(DateTime.UtcNow < end, $"The jobs did not end in time: {_server.Output}");
            await Task.Delay(50);
        }
    }

    /// <summary>All calls of jobs, with their results.</summary>
    public async Task<IReadOnlyList<JsonNode>> ResultsAsync(string[] jobs)
    {
        var results = new List<JsonNode>();
        foreach (var job in jobs)
        {
            for (var next = job; next is not null;)
            {
                var page = (await Client.FetchAsync(next, ("x-api-key", Setup.AcmeKey))).Json;
                results.AddRange(page["items"]!.AsArray().Select(item => item!));
                next = page["next"]?.GetValue<string>();
            }
        }

        return results;
    }

    /// <summary>The first line of usage, once it is as it is to be.</summary>
    public async Task<JsonNode> UsageAsync(string path, Func<JsonArray, bool> isComplete)
    {
        var end = DateTime.UtcNow + TimeSpan.FromSeconds(10);
        while (true)
        {
            var rows = (await Client.FetchAsync(path)).Json["rows"]!.AsArray();
            if (isComplete(rows) || DateTime.UtcNow > end)
            {
                return rows[0]!;
            }

            await Task.Delay(50);
        }
    }

    /// <summary>What is spent and held of a budget, in dollars, and how many calls that is; nothing where it was not used.</summary>
    public async Task<(decimal Spent, decimal Held, int Calls)> BudgetAsync(string name)
    {
        var budget = (await Client.FetchAsync("/admin/budgets")).Json.AsArray().SingleOrDefault(budget => budget!["name"]!.GetValue<string>() == name);
        return budget is null ? default : (budget["spent"]!["usd"]?.GetValue<decimal>() ?? 0, budget["held"]!["usd"]?.GetValue<decimal>() ?? budget["held"]!["calls"]!.GetValue<int>(), budget["spent"]!["calls"]!.GetValue<int>());
    }

    /// <summary>Waits until a budget was used and nothing is held of it.</summary>
    public async Task UntilSettledAsync(string name)
    {
        var end = DateTime.UtcNow + Longest;
        while (await BudgetAsync(name) is not { Calls: > 0, Held: 0 })
        {
            Assert.True(DateTime.UtcNow < end, $"{name} was not settled in time: {_server.Output}");
            await Task.Delay(50);
        }
    }

    // Azure's path names the deployment; a batch's lines do so in their bodies.
    private static JsonNode BodyOf(DialectCall call)
    {
        var body = JsonNode.Parse(call.Body())!;
        body["model"] ??= call.Model;
        return body;
    }
}
