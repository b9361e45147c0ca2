using System.Text.Json.Nodes;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Tests.Providers.Hosting;

public class ControlEndpointTests
{
    private static readonly DeploymentOptions Plain = new("sk-a", "gpt-x") { Limits = [LimitOptions.Tpm(1000)] };

    [Fact]
    public async Task Report_IsJson()
    {
        await using var client = await DoubleClient.StartAsync(Plain);
        await client.ChatAsync(maxTokens: 100);
        await client.ChatAsync(maxTokens: 1000);

        var report = (await client.SendAsync("/_double/report", null)).Json;

        Assert.Equal(2, report["calls"]!.GetValue<int>());
        Assert.Equal(1, report["rejected"]!.GetValue<int>());
        var deployment = report["deployments"]![0]!;
        Assert.Equal(("gpt-x", "OpenAI"), (deployment["name"]!.GetValue<string>(), deployment["dialect"]!.GetValue<string>()));
        Assert.Equal(0.1, deployment["utilization"]!.GetValue<double>());
        var limit = deployment["limits"]![0]!;
        Assert.Equal("Tokens", limit["dimension"]!.GetValue<string>());
        Assert.Equal((100, 1000), (limit["accepted"]!.GetValue<double>(), limit["mostPossible"]!.GetValue<double>()));
        Assert.DoesNotContain("sk-a", report.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reset_BeginsAnew()
    {
        await using var client = await DoubleClient.StartAsync(Plain);
        await client.ChatAsync(maxTokens: 1000);

        var reset = await client.SendAsync("/_double/reset", "");
        var answer = await client.ChatAsync(maxTokens: 1000);

        Assert.Equal((204, 200), (reset.Code, answer.Code));
        Assert.Equal(1, client.Provider.Report().Calls);
    }

    [Fact]
    public async Task Faults_AreAddedAndCleared()
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var added = await client.SendAsync(
            "/_double/faults",
            """
            {"rules":[{"kind":"500","deployment":"gpt-x","forSeconds":5},{"kind":"limit","value":10,"afterSeconds":5,"dimension":"tokens"}]}
            """);
        var struck = await client.ChatAsync(maxTokens: 10);
        client.Time.Advance(5);
        var limited = await client.ChatAsync(maxTokens: 10);
        await client.SendAsync("/_double/faults", """{"rules":[{"kind":"529"}]}""");
        var shed = await client.ChatAsync(maxTokens: 10);
        await client.SendAsync("/_double/faults", """{"clear":true}""");
        client.Time.Advance(60);
        var cleared = await client.ChatAsync(maxTokens: 10);

        Assert.Equal([204, 500, 200, 529, 200], new[] { added.Code, struck.Code, limited.Code, shed.Code, cleared.Code });
        Assert.Equal("10", limited["x-ratelimit-limit-tokens"]);
    }

    [Theory]
    [InlineData("""{"rules":[{"kind":"explode"}]}""", "'kind' must be one of")]
    [InlineData("""{"rules":[{"kind":"500","value":-1}]}""", "'value' must be a number")]
    [InlineData("""{"rules":[{"kind":"limit","dimension":"apples"}]}""", "'dimension' must be one of")]
    [InlineData("""{"rules":5}""", "")]
    [InlineData("""[]""", "Give an object")]
    [InlineData("""{"rules":""", "")]
    public async Task BadFaults_Are400WithWhatIsWrong(string body, string message)
    {
        await using var client = await DoubleClient.StartAsync(Plain);

        var answer = await client.SendAsync("/_double/faults", body);

        Assert.Equal(400, answer.Code);
        Assert.Contains(message, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StaticResponder_AnswersEverythingAtOnce()
    {
        await using var responder = await StaticResponder.StartAsync();
        using var http = new HttpClient { BaseAddress = responder.BaseAddress };

        using var response = await http.PostAsync("/v1/chat/completions", new StringContent("{}"));

        Assert.Equal("chat.completion", JsonNode.Parse(await response.Content.ReadAsStringAsync())!["object"]!.GetValue<string>());
    }
}
