using System.Text.Json;
using System.Text.Json.Nodes;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Virtual;

/// <summary>A server in front of the provider double records, is killed, and what it recorded is played again.</summary>
public sealed class RecordedRunTests
{
    private const int Calls = 30;

    // Beside a full load a machine sends late, which a limiter allows for and a replay can't know.
    private const double MostOff = 0.1;

    [Fact]
    public async Task Replay_OfAServersRun_HasItsWaitsAndItsCost()
    {
        var setup = new Setup { OpenAI = 120, Latency = TimeSpan.FromMilliseconds(100) };
        await using var provider = await setup.StartDoubleAsync();
        var configuration = JsonNode.Parse(JsonSerializer.Serialize(setup.Configuration(provider.BaseAddress)))!;

        // A replay begins at the first call. However long the server was there before, a burst of a second is whole again in both.
        var account = configuration["accounts"]!.AsArray().Single(account => (string)account!["id"]! == "openai-1")!;
        account["models"]!.AsArray().Single(model => (string)model!["model"]! == "gpt-x")!["limits"]!["burstSeconds"] = 1;
        configuration["record"] = JsonNode.Parse("""{ "file": "record.jsonl", "key": "${RECORD_KEY}" }""");
        using var folder = new ServerFolder(configuration)
            .With("PROVIDER_KEY", Setup.ProviderKey).With("ACME_WEBHOOK_SECRET", Setup.WebhookSecret).With("RECORD_KEY", "a-fake-key-of-the-tests");
        var file = Path.Combine(folder.Root, "record.jsonl");
        await using (var server = await folder.StartAsync())
        {
            await server.Client.PostAsync("/v1/chat/completions", """{"model":"gpt-x","messages":[{"role":"user","content":"first"}],"max_tokens":5}""", ("x-api-key", Setup.AcmeKey));
            await Task.Delay(TimeSpan.FromSeconds(3));
            var answers = await Task.WhenAll(Enumerable.Range(0, Calls).Select(call => server.Client.PostAsync(
                "/v1/chat/completions",
                $$"""{"model":"gpt-x","messages":[{"role":"user","content":"{{new string('x', 40 + call)}}"}],"max_tokens":50}""",
                ("x-api-key", call % 3 == 0 ? Setup.GlobexKey : Setup.AcmeKey),
                ("X-Workflow", "workflow-of-the-test"))));
            Assert.All(answers, answer => Assert.Equal(200, answer.Status));
            await Wait.UntilAsync(() => Task.FromResult(Read(file).Split('\n').Count(line => line.Contains("\"outcome\"", StringComparison.Ordinal)) == 1 + Calls));
            Assert.Equal(Read(file), (await server.Client.FetchAsync("/admin/record")).Text);
            await server.KillAsync();
        }

        var result = await folder.RunAsync("replay", "--record", file, "--config", folder.ConfigurationFile, "--set", "accounts[openai-1].models[gpt-x].limits.rpm=240", "--write", Path.Combine(folder.Root, "changed.json"), "--json");

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        var report = JsonNode.Parse(result.Output)!;
        var (recorded, played, changed) = (report["recorded"]!["total"]!, report["played"]!["total"]!, report["changed"]!["total"]!);
        Assert.Equal((1 + Calls, 1 + Calls), ((int)recorded["ok"]!, (int)played["ok"]!));
        Assert.True((double)recorded["waitMean"]! > 5, result.Output);
        Assert.True((double)report["agreement"]!["waits"]! <= MostOff, result.Output);
        Assert.True((decimal)recorded["costUsd"]! > 0, result.Output);
        Assert.Equal((decimal)recorded["costUsd"]!, (decimal)played["costUsd"]!);
        Assert.InRange((double)changed["waitMean"]!, 0, 0.7 * (double)played["waitMean"]!);
        Assert.Equal(["acme", "globex"], report["played"]!["tenants"]!.AsArray().Select(tenant => (string)tenant!["tenant"]!));
        Assert.Equal(240, (int)JsonNode.Parse(Read(Path.Combine(folder.Root, "changed.json")))!["accounts"]![0]!["models"]![0]!["limits"]!["rpm"]!);
        Assert.DoesNotContain("of-the-test", Read(file), StringComparison.Ordinal);
        Assert.DoesNotContain("xxxx", Read(file), StringComparison.Ordinal);
    }

    private static string Read(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd();
    }
}
