using System.Text.Json.Nodes;
using Dapper;
using FuncLimiter.Server.Storage;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;
using Xunit.Abstractions;

namespace FuncLimiter.Server.Tests.Durability;

/// <summary>
/// What is promised of jobs when the server is killed: whatever was answered 202 ends in exactly one result; a call that had not ended when
/// the process died may be sent again, once for each kill; and the windows of providers hold across all of it.
/// </summary>
[TakesLong]
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Jobs = 1000;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Kill_TwiceUnderLoad_LosesNoAcceptedJobEndsEachOnceAndOverrunsNoWindow()
    {
        var random = new Random(Seed());
        var setup = new Setup
        {
            OpenAI = 900,
            Azure = 80,
            Anthropic = 900,
            BurstSeconds = 10,
            Latency = TimeSpan.FromMilliseconds(150),
            Jobs = new { maxRunning = 64 },
        };
        await using var provider = await setup.StartDoubleAsync();
        using var folder = setup.Folder(provider.BaseAddress);
        var server = await folder.StartAsync();
        var load = new JobLoad(Jobs, () => server);
        try
        {
            var handingIn = load.RunAsync();
            var begun = 0;
            foreach (var kill in new Func<bool>[] { After(() => load.Accepted.Count, 100, 700), After(() => provider.Report().Accepted, 300, 900) })
            {
                await UntilAsync(() => handingIn.IsFaulted || kill());
                await Task.Delay(random.Next(100));
                await server.KillAsync();
                begun += await BegunAsync(folder);
                output.WriteLine($"Killed with {load.Accepted.Count} jobs accepted, {provider.Report().Accepted} calls sent, {begun} begun and not ended so far.");
                await server.DisposeAsync();
                server = await folder.StartAsync();
            }

            await handingIn.WaitAsync(Longest);
            await AllDoneAsync(load, () => server);
            Assert.Equal(0, await server.StopAsync());
            await CheckStoreAsync(folder, load);
            CheckProvider(provider, load.Accepted.Sum(job => job.Calls), begun);
        }
        catch
        {
            output.WriteLine($"{provider.Report().Accepted} calls sent, {load.Accepted.Count} jobs accepted.");
            output.WriteLine(server.Output);
            throw;
        }
        finally
        {
            await server.DisposeAsync();
        }

        Func<bool> After(Func<long> count, int least, int most)
        {
            var wanted = random.Next(least, most);
            return () => count() >= wanted;
        }
    }

    private int Seed()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"Seed {seed}.");
        return seed;
    }

    /// <summary>How many calls had begun and not ended, by the store as the killed process left it.</summary>
    private static async Task<int> BegunAsync(ServerFolder folder)
    {
        using var image = folder.Image();
        using var database = Database.Open(image.Path);
        return await database.ReadAsync((connection, _) => connection.ExecuteScalar<int>("SELECT COUNT(*) FROM items WHERE state = 1"));
    }

    private static async Task AllDoneAsync(JobLoad load, Func<ServerProcess> server)
    {
        Assert.Equal(Jobs, load.Accepted.Select(job => job.Id).Distinct().Count());
        foreach (var job in load.Accepted)
        {
            JsonNode? seen = null;
            await UntilAsync(async () =>
            {
                var reply = await server().Client.FetchAsync($"/jobs/{job.Id}", ("x-api-key", job.Key));
                Assert.True(reply.Status == 200, reply.Text);
                seen = reply.Json;
                return seen["endedAt"] is not null;
            });
            Assert.Equal("done", seen!["state"]!.GetValue<string>());
            Assert.Equal(job.Calls, seen["progress"]!["succeeded"]!.GetValue<int>());
            var results = job.Calls == 1 ? [seen["result"]] : seen["items"]!.AsArray().Select(item => item!["result"]).ToArray();
            Assert.Equal(job.Calls, results.Length);
            Assert.All(results, result => Assert.Equal(200, result!["status"]!.GetValue<int>()));
        }
    }

    private static async Task CheckStoreAsync(ServerFolder folder, JobLoad load)
    {
        using var database = Database.Open(folder.Data);
        var (jobs, results, open) = await database.ReadAsync((connection, _) => connection.QuerySingle<(int, int, int)>(
            "SELECT (SELECT COUNT(*) FROM jobs), (SELECT COUNT(*) FROM results), (SELECT value FROM counters WHERE name = 'open')"));
        Assert.Equal((Jobs, load.Accepted.Sum(job => job.Calls), 0), (jobs, results, open));
    }

    private void CheckProvider(ProviderDouble provider, int calls, int begun)
    {
        var report = provider.Report();
        output.WriteLine($"{calls} calls; sent {report.Calls}, refused {report.Rejected}, accepted twice {report.Idempotency.AcceptedTwice}, cut off {report.Deployments.Sum(deployment => deployment.Cancelled)}; "
            + string.Join(", ", report.Deployments.Select(deployment => $"{deployment.Name} {deployment.Accepted} and {deployment.Rejected}")));

        // A budget forgotten at a kill would let a whole burst of 150 calls, or a window's 80, out again. One call that a starved machine sends
        // later than any margin foresees is not that.
        Assert.InRange(report.RejectedShare, 0, 0.001);
        Assert.All(report.Deployments.SelectMany(deployment => deployment.Limits), limit => Assert.False(limit.Exceeded));
        Assert.Equal(calls, report.Idempotency.Distinct);
        Assert.Equal(report.Accepted - calls, report.Idempotency.AcceptedTwice);
        Assert.InRange(report.Idempotency.AcceptedTwice, 0, begun);
    }

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var end = DateTime.UtcNow + Longest;
        while (!await condition())
        {
            Assert.True(DateTime.UtcNow < end, "It did not come about in time.");
            await Task.Delay(20);
        }
    }
}
