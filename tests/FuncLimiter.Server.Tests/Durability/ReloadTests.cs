using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Durability;

/// <summary>A configuration that is changed while the server runs: all of it is taken up, or nothing, and calls go on.</summary>
public sealed class ReloadTests
{
    private const string Body = """{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"max_tokens":5}""";
    private const string AdminKey = "fl-admin-of-reload";
    private const string NewKey = "fl-acme-next-key";

    [Fact]
    public async Task Reload_TakesUpKeysLimitsWeightsAndBudgets_WhileCallsGoOn_AndKeepsWhatIsSpent()
    {
        var setup = new Setup { Latency = TimeSpan.FromMilliseconds(100) };
        await using var provider = await setup.StartDoubleAsync();
        var configuration = Configuration(setup, provider.BaseAddress);
        configuration["budgets"] = JsonNode.Parse("""[{ "for": "run", "calls": 3 }]""");
        using var folder = Folder(configuration);
        await using var server = await folder.StartAsync();
        for (var call = 0; call < 3; call++)
        {
            Assert.Equal(200, await CallAsync(server, Setup.AcmeKey, "r"));
        }

        Assert.Equal(429, await CallAsync(server, Setup.AcmeKey, "r"));
        var running = Enumerable.Range(0, 20).Select(_ => CallAsync(server, Setup.GlobexKey, null)).ToArray();

        configuration["budgets"] = JsonNode.Parse("""[{ "for": "run", "calls": 4 }]""");
        configuration["tenants"]![0]!["keys"] = new JsonArray(Hash(NewKey));
        configuration["tenants"]![0]!["weight"] = 5;
        configuration["accounts"]![0]!["models"]![0]!["limits"]!["rpm"] = 59_000;
        folder.Configure(configuration);
        var reloaded = await server.Client.PostAsync("/admin/reload", "", ("Authorization", $"Bearer {AdminKey}"));

        // The file may have been looked at before it was asked for.
        Assert.True(reloaded.Status == 200, reloaded.Text);
        Assert.All(await Task.WhenAll(running), status => Assert.Equal(200, status));
        Assert.Equal((401, 200, 429), (await CallAsync(server, Setup.AcmeKey, "r"), await CallAsync(server, NewKey, "r"), await CallAsync(server, NewKey, "r")));
        var status = (await server.Client.FetchAsync("/status", ("Authorization", $"Bearer {AdminKey}"))).Json;
        var deployment = status["budgets"]!.AsArray().Single(budget => budget!["name"]!.GetValue<string>() == "deployment:openai-1/gpt-x")!;
        Assert.Contains(deployment["meters"]!.AsArray(), meter => meter!["configured"]!.GetValue<long>() == 59_000);
    }

    [Fact]
    public async Task Tenants_ComeAndGo_WithTheirLimits()
    {
        var setup = new Setup();
        await using var provider = await setup.StartDoubleAsync();
        var configuration = Configuration(setup, provider.BaseAddress);
        using var folder = Folder(configuration);
        await using var server = await folder.StartAsync();

        configuration["tenants"]!.AsArray().RemoveAt(0);
        configuration["tenants"]!.AsArray().Add(new JsonObject { ["id"] = "initech", ["keys"] = new JsonArray(Hash(NewKey)), ["modelLimits"] = new JsonArray(new JsonObject { ["model"] = "gpt-x", ["rpd"] = 2 }) });
        folder.Configure(configuration);
        var reloaded = await server.Client.PostAsync("/admin/reload", "", ("Authorization", $"Bearer {AdminKey}"));

        Assert.True(reloaded.Status == 200, reloaded.Text);
        Assert.Equal((401, 200, 200), (await CallAsync(server, Setup.AcmeKey, null), await CallAsync(server, NewKey, null), await CallAsync(server, NewKey, null)));
        var refused = await server.Client.PostAsync("/v1/chat/completions", Body, ("x-api-key", NewKey), ("Prefer", "wait=0"));
        Assert.Equal(429, refused.Status);
        Assert.Contains("tenant:initech/gpt-x", refused.Text, StringComparison.Ordinal);
        configuration["tenants"]!.AsArray().Last()!["modelLimits"]![0]!["rpd"] = 3;
        folder.Configure(configuration);
        var raised = await server.Client.PostAsync("/admin/reload", "", ("Authorization", $"Bearer {AdminKey}"));
        Assert.True(raised.Status == 200, raised.Text);
        Assert.Equal(200, await CallAsync(server, NewKey, null));
    }

    [Fact]
    public async Task LimitsOnFurtherModels_HoldFromTheReloadOn_ForCallsThatComeThen()
    {
        var setup = new Setup { Latency = TimeSpan.FromSeconds(3) };
        await using var provider = await setup.StartDoubleAsync();
        var configuration = Configuration(setup, provider.BaseAddress);
        using var folder = Folder(configuration);
        await using var server = await folder.StartAsync();
        var running = Enumerable.Range(0, 20).Select(_ => CallAsync(server, Setup.AcmeKey, null)).ToArray();
        await Wait.UntilAsync(async () => (await server.Client.FetchAsync("/status", ("Authorization", $"Bearer {AdminKey}"))).Json["admitted"]!.GetValue<int>() == 20);

        configuration["tenants"]![0]!["modelLimits"] = new JsonArray(new JsonObject { ["model"] = "gpt-x", ["rpd"] = 2 });
        folder.Configure(configuration);
        var reloaded = await server.Client.PostAsync("/admin/reload", "", ("Authorization", $"Bearer {AdminKey}"));

        Assert.True(reloaded.Status == 200, reloaded.Text);
        Assert.All(await Task.WhenAll(running), status => Assert.Equal(200, status));
        var later = await Task.WhenAll(CallAsync(server, Setup.AcmeKey, null), CallAsync(server, Setup.AcmeKey, null), CallAsync(server, Setup.GlobexKey, null));
        Assert.All(later, status => Assert.Equal(200, status));
        var refused = await server.Client.PostAsync("/v1/chat/completions", Body, ("x-api-key", Setup.AcmeKey), ("Prefer", "wait=0"));
        Assert.Equal(429, refused.Status);
        Assert.Contains("tenant:acme/gpt-x", refused.Text, StringComparison.Ordinal);

        configuration["tenants"]![0]!.AsObject().Remove("modelLimits");
        folder.Configure(configuration);
        var gone = await server.Client.PostAsync("/admin/reload", "", ("Authorization", $"Bearer {AdminKey}"));
        Assert.Equal(409, gone.Status);
        Assert.Contains("modelLimits", gone.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelsOfATenant_ChangeWhileItRuns()
    {
        var setup = new Setup();
        await using var provider = await setup.StartDoubleAsync();
        var configuration = Configuration(setup, provider.BaseAddress);
        configuration["routes"] = new JsonArray(new JsonObject { ["model"] = "other", ["targets"] = new JsonArray("openai-1/gpt-x") });
        using var folder = Folder(configuration);
        await using var server = await folder.StartAsync();
        Assert.Equal(200, await CallAsync(server, Setup.AcmeKey, null));

        configuration["tenants"]![0]!["models"] = new JsonArray("other");
        folder.Configure(configuration);
        var bound = await server.Client.PostAsync("/admin/reload", "", ("Authorization", $"Bearer {AdminKey}"));

        Assert.True(bound.Status == 200, bound.Text);
        Assert.Equal((403, 200), (await CallAsync(server, Setup.AcmeKey, null), await CallAsync(server, Setup.GlobexKey, null)));
        configuration["tenants"]![0]!.AsObject().Remove("models");
        folder.Configure(configuration);
        var free = await server.Client.PostAsync("/admin/reload", "", ("Authorization", $"Bearer {AdminKey}"));

        Assert.True(free.Status == 200, free.Text);
        Assert.Equal(200, await CallAsync(server, Setup.AcmeKey, null));
    }

    [Fact]
    public async Task File_ThatIsChanged_IsTakenUpByItself()
    {
        var setup = new Setup();
        await using var provider = await setup.StartDoubleAsync();
        var configuration = Configuration(setup, provider.BaseAddress);
        using var folder = Folder(configuration);
        await using var server = await folder.StartAsync();
        Assert.Equal(401, await CallAsync(server, NewKey, null));

        configuration["tenants"]![0]!["keys"] = new JsonArray(Hash(NewKey));
        folder.Configure(configuration);

        await Wait.UntilAsync(async () => await CallAsync(server, NewKey, null) == 200);
        Assert.Equal(401, await CallAsync(server, Setup.AcmeKey, null));
    }

    [Fact]
    public async Task Reload_OfWhatIsWrong_OrNeedsARestart_TellsEveryMistakeAndChangesNothing()
    {
        var setup = new Setup();
        await using var provider = await setup.StartDoubleAsync();
        var configuration = Configuration(setup, provider.BaseAddress);
        using var folder = Folder(configuration);
        await using var server = await folder.StartAsync();

        var wrong = configuration.DeepClone();
        wrong["tenants"]![0]!["keys"] = new JsonArray(Hash(NewKey));
        wrong["tenants"]![0]!["weight"] = -1;
        wrong["accounts"]![0]!["models"]![0]!["limits"]!["rpm"] = 0;
        folder.Configure(wrong);
        var told = await server.Client.PostAsync("/admin/reload", "", ("Authorization", $"Bearer {AdminKey}"));

        var larger = configuration.DeepClone();
        larger["tenants"]![0]!["keys"] = new JsonArray(Hash(NewKey));
        larger["queue"] = new JsonObject { ["maxWaiting"] = 5 };
        folder.Configure(larger);
        var restart = await server.Client.PostAsync("/admin/reload", "", ("Authorization", $"Bearer {AdminKey}"));
        var stranger = await server.Client.PostAsync("/admin/reload", "", ("Authorization", $"Bearer {Setup.AcmeKey}"));

        Assert.Equal((400, 409, 401), (told.Status, restart.Status, stranger.Status));
        Assert.Contains("$.tenants[0].weight", told.Text, StringComparison.Ordinal);
        Assert.Contains("$.accounts[0].models[0].limits.rpm", told.Text, StringComparison.Ordinal);
        Assert.Contains("$.queue", restart.Text, StringComparison.Ordinal);
        Assert.Equal((200, 401), (await CallAsync(server, Setup.AcmeKey, null), await CallAsync(server, NewKey, null)));
    }

    [Fact]
    public async Task KeyGivenOut_OutlivesTheProcess()
    {
        var setup = new Setup();
        await using var provider = await setup.StartDoubleAsync();
        using var folder = Folder(Configuration(setup, provider.BaseAddress));
        string key;
        await using (var server = await folder.StartAsync())
        {
            var issued = await server.Client.PostAsync("/admin/keys", """{"tenant":"acme"}""", ("Authorization", $"Bearer {AdminKey}"));
            key = issued.Json["key"]!.GetValue<string>();
            await server.KillAsync();
        }

        await using var next = await folder.StartAsync();
        Assert.Equal(200, await CallAsync(next, key, null));
        Assert.DoesNotContain(key, await File.ReadAllTextAsync(Path.Combine(folder.Data, "audit.jsonl")), StringComparison.Ordinal);
    }

    private static JsonNode Configuration(Setup setup, Uri provider)
    {
        var configuration = JsonNode.Parse(JsonSerializer.Serialize(setup.Configuration(provider)))!;
        configuration["admin"] = new JsonObject { ["keys"] = new JsonArray(Hash(AdminKey)) };
        return configuration;
    }

    private static ServerFolder Folder(JsonNode configuration) =>
        new ServerFolder(configuration).With("PROVIDER_KEY", Setup.ProviderKey).With("ACME_WEBHOOK_SECRET", Setup.WebhookSecret);

    private static string Hash(string key) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))}";

    private static async Task<int> CallAsync(ServerProcess server, string key, string? run)
    {
        (string, string)[] headers = run is null ? [("x-api-key", key)] : [("x-api-key", key), ("X-Run", run)];
        return (await server.Client.PostAsync("/v1/chat/completions", Body, headers)).Status;
    }
}
