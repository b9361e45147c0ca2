using System.Globalization;
using System.Text;
using System.Text.Json;
using FuncLimiter.IndependentProvider;
using FuncLimiter.Promises.Tests.Hosting;
using Xunit.Abstractions;

namespace FuncLimiter.Promises.Tests;

/// <summary>Promise 6: what was answered 202 ends in exactly one result, across kill -9; and no kill lets more out than the limit.</summary>
public sealed class NothingLostTests(ITestOutputHelper output)
{
    private const int Jobs = 150;

    [Fact]
    public async Task Jobs_AcrossTwoKills_EndOnceEachAndNoWindowOverruns()
    {
        const int Requests = 600;
        await using var stage = await Stage.StartAsync(
            new Settings { Deployments = [new Deployment(Stage.ProviderKey, "gpt", Api.OpenAI) { Limits = [new Limit(Counts.Requests, Requests) { Capacity = Requests / 6 }], FirstTokenMs = 150 }] },
            endpoint => new { accounts = new[] { Stage.Account("a", "openai", endpoint, "gpt", new { rpm = Requests, burstSeconds = 10 }) } });
        var ids = new List<string>();
        for (var number = 0; number < Jobs; number++)
        {
            ids.Add(await HandInAsync(stage, number));
        }

        foreach (var sent in (int[])[20, 110])
        {
            await UntilAsync(() => stage.Provider.Tell().Deployments[0].Accepted >= sent);
            await stage.KillServerAsync();
            await stage.StartServerAsync();
        }

        foreach (var id in ids)
        {
            var job = await EndedAsync(stage, id);
            Assert.Equal("done", job["state"]!.GetValue<string>());
            Assert.Equal(200, job["result"]!["status"]!.GetValue<int>());
        }

        var truth = stage.Provider.Tell().Deployments[0];
        var again = truth.Labels.Values.Sum(label => label.Calls - 1);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{truth.Accepted} accepted, {truth.Refused} refused, {again} sent again after a kill"));
        Assert.Equal(Jobs, truth.Labels.Count);
        Assert.Equal(0, truth.Refused);
    }

    private static async Task<string> HandInAsync(Stage stage, int number)
    {
        var body = JsonSerializer.Serialize(new
        {
            path = "/v1/chat/completions",
            body = new { model = "gpt", max_tokens = 20, user = $"job-{number}", messages = new[] { new { role = "user", content = $"Job {number}." } } },
        });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/jobs") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", $"job-{number}");
        using var response = await stage.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == 202, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("id").GetString()!;
    }

    private static async Task<System.Text.Json.Nodes.JsonNode> EndedAsync(Stage stage, string id)
    {
        System.Text.Json.Nodes.JsonNode? job = null;
        await UntilAsync(async () => (job = await stage.GetAsync($"/jobs/{id}"))["endedAt"] is not null);
        return job!;
    }

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var end = DateTime.UtcNow + TimeSpan.FromSeconds(90);
        while (!await condition())
        {
            Assert.True(DateTime.UtcNow < end, "It did not come about in time.");
            await Task.Delay(50);
        }
    }
}
