using System.Text.Json.Nodes;
using FuncLimiter.Server.Tests.Processes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Server.Tests.Limits;

/// <summary>What the server process learned of a provider: shown, kept across a kill, and forgotten by a person's word.</summary>
public sealed class LearnedTests
{
    private const string Key = "sk-provider-of-the-tests";
    private const string Budget = "deployment:a/model-x";
    private const string Chat = """{"model":"model-x","messages":[{"role":"user","content":"Hello"}],"max_tokens":5}""";

    [Fact]
    public async Task Learned_IsShown_SurvivesAKill_AndIsForgottenByAPersonsWord()
    {
        await using var provider = await ProviderDouble.StartAsync(new ProviderDoubleOptions
        {
            Deployments = [new DeploymentOptions(Key, "model-x") { Limits = [LimitOptions.Rpm(3_000), LimitOptions.Tpm(1_000_000)] }],
        });
        using var folder = new ServerFolder($$"""
            { "accounts": [{ "id": "a", "provider": "openai", "apiKey": "${KEY}", "endpoint": "{{provider.BaseAddress}}",
                             "models": [{ "model": "model-x", "limits": { "rpm": 6000, "tpm": 1000000 } }] }] }
            """).With("KEY", Key);
        double effective;
        await using (var server = await folder.StartAsync())
        {
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(200, (await server.Client.PostAsync("/v1/chat/completions", Chat)).Status);
            }

            var budget = await BudgetAsync(server);
            effective = Requests(budget)["effective"]!.GetValue<double>();
            Assert.InRange(effective, 2_900, 3_000);
            Assert.Equal(20, budget["learned"]!["answers"]!.GetValue<long>());
            Assert.InRange(budget["learned"]!["jitterMs"]!.GetValue<double>(), 20, 10_000);
            await Task.Delay(TimeSpan.FromSeconds(3));
            await server.KillAsync();
        }

        await using var next = await folder.StartAsync();
        var kept = await BudgetAsync(next);
        Assert.Equal(effective, Requests(kept)["effective"]!.GetValue<double>());
        Assert.Equal(3_000, Requests(kept)["reported"]!.GetValue<long>());
        Assert.Equal(20, kept["learned"]!["answers"]!.GetValue<long>());

        var unknown = await next.Client.PostAsync("/admin/learned", """{ "scope": "deployment:a/nobody" }""");
        var missing = await next.Client.PostAsync("/admin/learned", "{}");
        var done = await next.Client.PostAsync("/admin/learned", $$"""{ "scope": "{{Budget}}", "reason": "the key is another" }""");

        Assert.Equal((404, 400, 200), (unknown.Status, missing.Status, done.Status));
        var forgotten = await BudgetAsync(next);
        Assert.Equal((6_000.0, null), (Requests(forgotten)["effective"]!.GetValue<double>(), (long?)Requests(forgotten)["reported"]));
        Assert.Null(forgotten["learned"]);
        Assert.Equal("forget", (await next.Client.FetchAsync("/admin/audit")).Json[0]!["change"]!["action"]!.GetValue<string>());
    }

    [Fact]
    public async Task RuleOfCharging_PinnedByAPerson_HoldsWhateverAnswersTell_AcrossAKill_UntilItIsForgotten()
    {
        await using var provider = await ProviderDouble.StartAsync(new ProviderDoubleOptions { Deployments = [new DeploymentOptions(Key, "model-x") { Limits = [LimitOptions.Tpm(1_000_000)] }] });
        using var folder = new ServerFolder($$"""
            { "accounts": [{ "id": "a", "provider": "openai", "apiKey": "${KEY}", "endpoint": "{{provider.BaseAddress}}",
                             "models": [{ "model": "model-x", "limits": { "tpm": 1000000 } }] }] }
            """).With("KEY", Key);
        await using (var server = await folder.StartAsync())
        {
            (int, string?)[] refused =
            [
                await PinAsync(server, """{ "scope": "deployment:a/model-x", "rule": "theMoonsPhase" }"""),
                await PinAsync(server, """{ "scope": "deployment:a/model-x", "rule": "maxOutput" }"""),
                await PinAsync(server, """{ "scope": "deployment:a/model-x", "rule": "prompt", "dimension": "requests" }"""),
                await PinAsync(server, """{ "scope": "deployment:a/model-x", "rule": "prompt", "dimension": "inputTokens" }"""),
                await PinAsync(server, """{ "scope": "tenant:default", "rule": "prompt" }"""),
            ];
            Assert.Equal([(400, "rule"), (400, "rule"), (400, "dimension"), (404, null), (404, null)], refused);
            Assert.Equal((200, null), await PinAsync(server, """{ "scope": "deployment:a/model-x", "rule": "promptAndMaxOutput", "reason": "their support says so" }"""));
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(200, (await server.Client.PostAsync("/v1/chat/completions", Chat)).Status);
            }

            Assert.Equal(("promptAndMaxOutput", true), await RuleAsync(server));
            await server.KillAsync();
        }

        await using (var next = await folder.StartAsync())
        {
            Assert.Equal(("promptAndMaxOutput", true), await RuleAsync(next));
            var audited = (await next.Client.FetchAsync("/admin/audit")).Json[0]!;
            Assert.Equal(("pin", "promptAndMaxOutput", "their support says so"), ((string?)audited["change"]!["action"], (string?)audited["change"]!["rule"], (string?)audited["reason"]));
            Assert.Equal(200, (await next.Client.PostAsync("/admin/learned", $$"""{ "scope": "{{Budget}}" }""")).Status);
            Assert.Null((await BudgetAsync(next))["meters"]![0]!["charging"]);
            await next.KillAsync();
        }

        await using var last = await folder.StartAsync();
        Assert.NotEqual(true, (bool?)(await BudgetAsync(last))["meters"]![0]!["charging"]?["pinned"]);
    }

    private static async Task<(int, string?)> PinAsync(ServerProcess server, string ask)
    {
        var answer = await server.Client.PostAsync("/admin/learned", ask);
        return (answer.Status, (string?)answer.Json["error"]?["param"]);
    }

    private static async Task<(string, bool)> RuleAsync(ServerProcess server)
    {
        var charging = (await BudgetAsync(server))["meters"]![0]!["charging"]!;
        return (charging["rule"]!.GetValue<string>(), charging["pinned"]!.GetValue<bool>());
    }

    private static async Task<JsonNode> BudgetAsync(ServerProcess server) => (await server.Client.FetchAsync("/status")).Json["budgets"]!.AsArray()
        .Single(budget => budget!["name"]!.GetValue<string>() == Budget)!;

    private static JsonNode Requests(JsonNode budget) => budget["meters"]!.AsArray().Single(meter => meter!["dimension"]!.GetValue<string>() == "requests")!;
}
