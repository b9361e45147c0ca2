using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using FuncLimiter.IndependentProvider;
using FuncLimiter.Promises.Tests.Hosting;
using Xunit.Abstractions;

namespace FuncLimiter.Promises.Tests;

/// <summary>Promise 8: nothing that one caller sends, reports or leaves out changes what another gets beyond its fair share.</summary>
public sealed class HarmlessTests(ITestOutputHelper output)
{
    private const int Requests = 600;

    [Fact]
    public async Task Flood_OfCallsThatAreRefused_TakesNothingFromAnother()
    {
        await using var stage = await StartAsync(new { rpm = Requests, burstSeconds = 1 });
        var (rude, polite) = (new Fleet(stage), new Fleet(stage));
        await Task.WhenAll(
            rude.RunAsync(60, TimeSpan.FromSeconds(15), (_, _) => Call("rude", 10, ("Prefer", "wait=1"))),
            polite.RunAsync(2, TimeSpan.FromSeconds(15), (_, _) => Call("polite", 10)));

        Tell(polite);
        Assert.All(polite.Outcomes, outcome => Assert.Equal(200, outcome.Status));

        // Two callers, each under way or waiting for one of ten calls a second: half of them are theirs, were they to ask for so many.
        Assert.True(polite.Outcomes.Count >= 15 * 4, $"{polite.Outcomes.Count} answered");
    }

    [Fact]
    public async Task Headers_ThatAreOdd_GainNothing()
    {
        await using var stage = await StartAsync(new { rpm = Requests, burstSeconds = 1 });
        var (rude, polite) = (new Fleet(stage), new Fleet(stage));
        await Task.WhenAll(
            rude.RunAsync(30, TimeSpan.FromSeconds(15), (caller, sent) => Call(
                "rude", 10, ("X-User", $"{new string('u', 50 + (caller % 50))}{sent}"), ("X-Workflow", $"w{caller}-{sent}"), ("X-Step", "%F0%9F%99%82 ; drop"), ("X-Run", "-1"),
                ("Prefer", (sent % 4) switch { 0 => "wait=99999999999", 1 => "wait=-5", 2 => "wait=abc", _ => "handling=lenient" }), ("X-Tenant", "polite"))),
            polite.RunAsync(30, TimeSpan.FromSeconds(15), (_, _) => Call("polite", 10)));

        var labels = stage.Provider.Tell().Deployments[0].Labels;
        var share = labels["polite"].Calls / (double)labels.Values.Sum(label => label.Calls);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"polite got {share:0.000}"));
        Assert.True(share >= 0.47);
    }

    [Fact]
    public async Task Prompts_OfOneLetter_DoNotTeachThatLargeOnesNeverFit()
    {
        await using var stage = await StartAsync(new { tpm = 20_000 });
        for (var call = 0; call < 60; call++)
        {
            await stage.CallAsync(new Ask("/v1/chat/completions", """{"model":"gpt","max_tokens":1,"messages":[{"role":"user","content":"a"}]}""", ("Authorization", "Bearer key-rude")));
        }

        var large = await stage.CallAsync(Call("polite", 4000));
        output.WriteLine($"{large.Status} {large.Text[..Math.Min(200, large.Text.Length)]}");
        Assert.NotEqual(413, large.Status);
        Assert.Equal(200, large.Status);
    }

    [Theory]
    [InlineData("""{"status":429,"headers":{"Retry-After":"3600"}}""")]
    [InlineData("""{"status":503,"headers":{"retry-after-ms":"3600000"}}""")]
    [InlineData("""{"status":200,"headers":{"x-ratelimit-limit-requests":"1","x-ratelimit-remaining-requests":"0","x-ratelimit-reset-requests":"1h"}}""")]
    [InlineData("""{"status":429,"body":{"error":{"message":"You exceeded your current quota.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}}""")]
    [InlineData("""{"status":200,"usage":{"inputTokens":100000000,"outputTokens":100000000}}""")]
    public async Task Settlement_OfOnesOwnReservation_ClosesNothingForAnother(string settlement)
    {
        await using var stage = await StartAsync(new { rpm = Requests, tpm = 1_000_000 });
        for (var again = 0; again < 3; again++)
        {
            var reserved = await stage.CallAsync(new Ask("/reservations", """{"model":"gpt","inputTokens":10,"outputTokens":10}""", ("Authorization", "Bearer key-rude")));
            if (reserved.Status == 200)
            {
                var id = JsonNode.Parse(reserved.Text)!["id"]!.GetValue<string>();
                await stage.CallAsync(new Ask($"/reservations/{id}/settlement", settlement, ("Authorization", "Bearer key-rude")));
            }
        }

        var polite = new Fleet(stage);
        await polite.RunAsync(5, TimeSpan.FromSeconds(3), (_, _) => Call("polite", 10, ("Prefer", "wait=5")));
        Tell(polite);
        Assert.All(polite.Outcomes, outcome => Assert.Equal(200, outcome.Status));
        Assert.True(polite.Outcomes.Count >= 5);
        Assert.All(polite.Outcomes, outcome => Assert.InRange(outcome.Waited.TotalSeconds, 0, 3));
    }

    private static Task<Stage> StartAsync(object limits) => Stage.StartAsync(
        new Settings { Deployments = [new Deployment(Stage.ProviderKey, "gpt", Api.OpenAI) { Limits = [new Limit(Counts.Requests, Requests) { Capacity = Requests / 6 }] }] },
        endpoint => new { accounts = new[] { Stage.Account("a", "openai", endpoint, "gpt", limits) }, tenants = new[] { Stage.Tenant("rude"), Stage.Tenant("polite") } });

    private static Ask Call(string tenant, int words, params (string Name, string Value)[] headers) =>
        Ask.Chat("gpt", words, 20, tenant, headers: [("Authorization", $"Bearer key-{tenant}"), .. headers]);

    private void Tell(Fleet fleet)
    {
        var text = new StringBuilder();
        foreach (var group in fleet.Outcomes.GroupBy(outcome => outcome.Status))
        {
            text.Append(CultureInfo.InvariantCulture, $"{group.Key}: {group.Count()}, waited up to {group.Max(outcome => outcome.Waited.TotalSeconds):0.00} s; ");
        }

        output.WriteLine(text.ToString());
    }
}
