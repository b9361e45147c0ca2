using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FuncLimiter.Functions.EndToEnd.Tests.Hosting;
using FuncLimiter.Server.Tests.Http;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Functions.EndToEnd.Tests.Calls;

/// <summary>What operators reach with a function key, and nobody without.</summary>
public sealed partial class OperatorTests
{
    private const string Key = $"code={AppProcess.FunctionKey}";

    [EndToEndTheory]
    [InlineData("/operator/status")]
    [InlineData("/operator/usage")]
    [InlineData("/operator/metrics")]
    [InlineData("/operator/dashboard")]
    public async Task OperatorsPath_TakesTheFunctionKey_InAddressOrHeader(string path)
    {
        var app = await RunningApp.GetAsync();

        var without = await app.Client.FetchAsync(path);
        var wrong = await app.Client.FetchAsync($"{path}?code=another");
        var address = await app.Client.FetchAsync($"{path}?{Key}");
        var header = await app.Client.FetchAsync(path, ("x-functions-key", AppProcess.FunctionKey));

        Assert.Equal((401, 401), (without.Status, wrong.Status));
        Assert.True(address.Status == 200, address.Text);
        Assert.True(header.Status == 200, header.Text);
    }

    [EndToEndFact]
    public async Task Dashboard_LoadsWhatItLinks_WithTheFunctionKeyAlone()
    {
        var app = await RunningApp.GetAsync();
        var page = new Uri(app.Client.BaseAddress!, $"/operator/dashboard?{Key}");

        var html = await app.Client.FetchAsync(page.PathAndQuery);
        var links = Link().Matches(html.Text).Select(match => new Uri(page, match.Groups["address"].Value).PathAndQuery).ToArray();

        Assert.NotEmpty(links);
        foreach (var link in links)
        {
            var loaded = await app.Client.FetchAsync(link);
            Assert.True(loaded.Status == 200, $"{link}: {loaded.Status} {loaded.Text}");
        }
    }

    [EndToEndFact]
    public async Task Limit_ThatAllInstancesShare_IsNotChangedHere_AndTheAnswerSaysWhere()
    {
        var app = await RunningApp.GetAsync();

        var reply = await app.Client.PostAsync(
            $"/operator/admin/limits?{Key}", """{"scope":"deployment:openai/gpt-x","dimension":"requests","windowSeconds":60,"amount":5}""");

        Assert.Equal((409, "not_changed_here"), (reply.Status, reply.Json["error"]!["code"]!.GetValue<string>()));
        Assert.Contains("FuncLimiterSettings", reply.Json["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [EndToEndFact]
    public async Task RuleOfCharging_IsPinnedAndForgotten_ByTheEntityThatLearns()
    {
        var app = await RunningApp.GetAsync();

        var pinned = await app.Client.PostAsync($"/operator/admin/learned?{Key}", """{"scope":"deployment:openai-1/gpt-x","rule":"promptAndMaxOutput"}""");
        var charging = await ChargingAsync(app);
        var forgotten = await app.Client.PostAsync($"/operator/admin/learned?{Key}", """{"scope":"deployment:openai-1/gpt-x"}""");

        Assert.True(pinned.Status == 200, pinned.Text);
        Assert.Equal(("promptAndMaxOutput", true), (charging?["rule"]?.GetValue<string>(), charging?["pinned"]?.GetValue<bool>()));
        Assert.True(forgotten.Status == 200, forgotten.Text);
        Assert.NotEqual(true, (await ChargingAsync(app))?["pinned"]?.GetValue<bool>());
    }

    [EndToEndFact]
    public async Task Record_IsGotFromStorage_AndPlayedAgain()
    {
        var app = await RunningApp.GetAsync();
        Assert.Equal(200, (await app.Client.PostAsync(DialectCall.OpenAI.Path, DialectCall.OpenAI.Body(), ("x-api-key", Setup.AcmeKey))).Status);
        using var folder = new ServerFolder(app.Configuration)
            .With("PROVIDER_KEY", Setup.ProviderKey).With("ACME_WEBHOOK_SECRET", Setup.WebhookSecret).With("RECORD_KEY", AppSetup.RecordKey);
        var file = Path.Combine(folder.Root, "got.jsonl");
        await Wait.UntilAsync(async () =>
        {
            await Task.Delay(500);
            var got = await app.Client.FetchAsync($"/operator/admin/record?{Key}");
            await File.WriteAllTextAsync(file, got.Text);
            return got.Status == 200 && got.Text.Contains("\"route\":\"gpt-x\"", StringComparison.Ordinal);
        });

        var played = await folder.RunAsync("replay", "--record", file, "--config", folder.ConfigurationFile, "--json");

        Assert.True(played.ExitCode == 0, played.Errors);
        var report = JsonNode.Parse(played.Output)!;
        Assert.InRange((int)report["recorded"]!["total"]!["ok"]!, 1, int.MaxValue);
        Assert.Contains("acme", report["played"]!["tenants"]!.AsArray().Select(tenant => (string)tenant!["tenant"]!));
    }

    [EndToEndFact]
    public async Task EveryFunction_GetsItsOwnCalls()
    {
        var app = await RunningApp.GetAsync();

        Assert.Equal(200, (await app.Client.FetchAsync("/health/live")).Status);
        Assert.Equal(200, (await app.Client.FetchAsync("/health/ready")).Status);
        Assert.Equal(200, (await app.Client.FetchAsync("/v1/models", ("x-api-key", Setup.AcmeKey))).Status);
        Assert.Equal(404, (await app.Client.FetchAsync("/nowhere", ("x-api-key", Setup.AcmeKey))).Status);
        Assert.Equal(200, (await app.Client.PostAsync(DialectCall.Azure.Path, DialectCall.Azure.Body(), ("api-key", Setup.AcmeKey))).Status);
    }

    private static async Task<JsonNode?> ChargingAsync(RunningApp app)
    {
        var budgets = (await app.Client.FetchAsync($"/operator/status?{Key}")).Json["budgets"]!.AsArray();
        return budgets.Single(budget => (string)budget!["name"]! == "deployment:openai-1/gpt-x")!["meters"]!.AsArray()
            .Single(meter => (string)meter!["dimension"]! == "tokens")!["charging"];
    }

    [GeneratedRegex("""<(?:script|link|img)\b[^>]*\b(?:src|href)="(?<address>[^"#]+)""")]
    private static partial Regex Link();
}
