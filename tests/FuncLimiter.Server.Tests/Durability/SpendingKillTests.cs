using System.Text.Json.Nodes;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Durability;

/// <summary>What a run has spent outlives the process that let it out, however that ends.</summary>
public sealed class SpendingKillTests
{
    private const int Cap = 40;
    private const string Body = """{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"max_tokens":5}""";

    [Fact]
    public async Task Kill_WhileARunSpends_ForgetsNothingThatWasLetOut()
    {
        var setup = new Setup { Latency = TimeSpan.FromMilliseconds(50) };
        await using var provider = await setup.StartDoubleAsync();
        var configuration = JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(setup.Configuration(provider.BaseAddress)))!;
        configuration["budgets"] = JsonNode.Parse($$"""[{ "for": "run", "calls": {{Cap}} }]""");
        using var folder = new ServerFolder(configuration).With("PROVIDER_KEY", Setup.ProviderKey).With("ACME_WEBHOOK_SECRET", Setup.WebhookSecret);
        var server = await folder.StartAsync();
        try
        {
            for (var round = 0; round < 2; round++)
            {
                var calls = Enumerable.Range(0, 8).Select(_ => CallAsync(server.Client)).ToArray();
                await Task.WhenAny(calls);
                await server.KillAsync();
                await Task.WhenAll(calls);
                await server.DisposeAsync();
                server = await folder.StartAsync();
            }

            var statuses = new List<int>();
            for (var call = 0; call < Cap; call++)
            {
                statuses.Add(await CallAsync(server.Client));
            }

            var refused = await server.Client.PostAsync("/v1/chat/completions", Body, ("x-api-key", Setup.AcmeKey), ("X-Run", "r"));
            Assert.Equal(429, refused.Status);
            Assert.Contains("run:acme/r has 0 calls left", refused.Text, StringComparison.Ordinal);

            // What was under way at a kill counts as spent, and nothing else: at least the cap less the sixteen calls that were.
            Assert.InRange(provider.Report().Accepted, Cap - 16, Cap);
            Assert.Contains(200, statuses);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static async Task<int> CallAsync(HttpClient client)
    {
        try
        {
            return (await client.PostAsync("/v1/chat/completions", Body, ("x-api-key", Setup.AcmeKey), ("X-Run", "r"))).Status;
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }
}
