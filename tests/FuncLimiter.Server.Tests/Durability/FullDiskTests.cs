using System.Diagnostics;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Durability;

/// <summary>A server whose disk is full says so at once, loses nothing that it has accepted, and goes on by itself when there is room.</summary>
[TakesLong]
public sealed class FullDiskTests
{
    private const string Call = """{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"max_tokens":5}""";
    private const string Job = $$"""{"path":"/v1/chat/completions","body":{{Call}}}""";
    private static readonly (string, string) Acme = ("x-api-key", Setup.AcmeKey);

    [SmallDiskFact]
    public async Task Server_OnAFullDisk_RefusesAtOnceWhatItCannotKeep_AndGoesOnByItselfWhenThereIsRoom()
    {
        var setup = new Setup { OpenAI = 600, BurstSeconds = 2 };
        await using var provider = await setup.StartDoubleAsync();
        using var folder = setup.Folder(provider.BaseAddress);
        using var disk = SmallDisk.Mount(folder.Data, megabytes: 3);
        await using var server = await folder.StartAsync();
        var client = server.Client;
        Assert.Equal(202, (await client.PostAsync("/jobs", Job, Acme)).Status);

        disk.Fill();
        var (answered, refused) = (0, 0);
        for (var since = Stopwatch.StartNew(); since.Elapsed < TimeSpan.FromSeconds(40) || refused == 0;)
        {
            Assert.True(since.Elapsed < TimeSpan.FromSeconds(90), "Calls were let out that nothing allows.");
            var asked = Stopwatch.StartNew();
            var reply = await client.PostAsync("/v1/chat/completions", Call, Acme);
            Assert.InRange(asked.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(8));
            if (reply.Status == 200)
            {
                answered++;
                continue;
            }

            AssertRefused(reply);
            refused++;
            await Task.Delay(500);
        }

        AssertRefused(await client.PostAsync("/jobs", Job, Acme));
        AssertRefused(await client.PostAsync("/v1/chat/completions", Call, Acme, ("Prefer", "respond-async")));
        var ready = await client.FetchAsync("/health/ready");
        Assert.Equal((503, "storage_unavailable"), (ready.Status, ready.Json["status"]!.GetValue<string>()));
        Assert.Equal(200, (await client.FetchAsync("/health/live")).Status);

        disk.Empty();
        await Wait.UntilAsync(() => client.FetchAsync("/health/ready").GetAwaiter().GetResult().Status == 200);
        var accepted = await client.PostAsync("/jobs", Job, Acme);
        Assert.Equal(202, accepted.Status);
        Assert.Equal(1, (await client.UntilEndedAsync(accepted.Headers["Location"], Setup.AcmeKey))["progress"]!["succeeded"]!.GetValue<int>());
        await Wait.UntilAsync(() => client.PostAsync("/v1/chat/completions", Call, Acme).GetAwaiter().GetResult().Status == 200);

        // What was used while nothing could be written stands in the ledger all the same: with those calls two jobs and the one just now.
        await Wait.UntilAsync(() => client.FetchAsync("/usage").GetAwaiter().GetResult().Json["total"]!["answered"]!.GetValue<int>() >= answered + 3);
        Assert.Equal(0, await server.StopAsync());
    }

    private static void AssertRefused(Reply reply)
    {
        Assert.True(reply.Status == 503, $"{reply.Status}: {reply.Text}");
        Assert.Contains("storage_unavailable", reply.Text, StringComparison.Ordinal);
        Assert.Equal("5", reply.Headers["Retry-After"]);
    }
}
