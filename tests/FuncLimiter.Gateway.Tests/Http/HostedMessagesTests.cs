using System.Net;
using System.Text;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;
using FuncLimiter.Providers.Tests.Fixtures;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>Anthropic's Messages, as Claude Code sends them, at the clouds that host Claude.</summary>
public class HostedMessagesTests
{
    // What Claude Code 2.1.68 sends (anthropics/claude-code issue 30926, 2026-03-05).
    private const string ClaudeCode = "claude-code-20250219,interleaved-thinking-2025-05-14,effort-2025-11-24,adaptive-thinking-2026-01-28";

    // No other API has thinking, or these tools.
    private const string Body =
        """{"model":"own","max_tokens":9,"thinking":{"type":"adaptive"},"context_management":{"edits":[]},"tools":[{"type":"bash_20250124","name":"bash"}],"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"c2ln"}]},{"role":"user","content":"Gr\u00fcß"}]}""";

    private const string Answer =
        """{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"thinking","thinking":"Hm","signature":"c2ln"},{"type":"text","text":"Hello"}],"stop_reason":"end_turn","usage":{"input_tokens":12,"cache_read_input_tokens":30,"output_tokens":5}}""";

    private static readonly string[] Events =
    [
        """{"type":"message_start","message":{"id":"msg_1","model":"claude-x","usage":{"input_tokens":12,"output_tokens":1}}}""",
        """{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}}""",
        """{"type":"content_block_stop","index":0}""",
        """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}""",
        """{"type":"message_stop"}""",
    ];

    private static string AsServerSent => string.Concat(Events.Select(data => $"event: {JsonDocument.Parse(data).RootElement.GetProperty("type").GetString()}\ndata: {data}\n\n"));

    [Fact]
    public async Task Call_AtBedrock_IsAnthropicsOwnBodyWithVersionAndBetasInIt()
    {
        await using var gateway = await TestGateway.StartAsync(Bedrock);
        gateway.Provider.AnswerWith(200, Answer, ("x-amzn-requestid", "req_7"));

        using var response = await gateway.PostAsync("/v1/messages?beta=true", Body, ("anthropic-version", "2023-06-01"), ("anthropic-beta", ClaudeCode));

        var asked = Assert.Single(gateway.Provider.Requests);
        Assert.Equal("/model/us.anthropic.claude-x-v1:0/invoke", Uri.UnescapeDataString(asked.Path));
        Assert.Equal(
            """{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["claude-code-20250219","interleaved-thinking-2025-05-14","effort-2025-11-24","adaptive-thinking-2026-01-28"],"""
            + Body["{\"model\":\"own\",".Length..],
            asked.Text);
        Assert.DoesNotContain(asked.Headers.Keys, name => name.StartsWith("anthropic-", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Answer, await response.Content.ReadAsStringAsync());
        Assert.Equal("req_7", response.Headers.GetValues("request-id").Single());
        Assert.Equal(new TokenUsage(42, 5, 30), (await gateway.Usage.SingleAsync()).Usage);
    }

    [Fact]
    public async Task Call_AtVertex_IsAnthropicsOwnBodyWithTheBetasAsAHeader()
    {
        await using var gateway = await TestGateway.StartAsync(Vertex);
        gateway.Provider.AnswerWith(200, Answer);

        using var response = await gateway.PostAsync(
            "/v1/messages?beta=true", Body, ("anthropic-beta", "claude-code-20250219, advanced-tool-use-2025-11-20"), ("anthropic-beta", "web-search-2025-03-05"));

        var asked = Assert.Single(gateway.Provider.Requests);
        Assert.Equal("/v1/projects/p/locations/l/publishers/anthropic/models/claude-x@1:rawPredict", Uri.UnescapeDataString(asked.Path));
        Assert.Equal("""{"anthropic_version":"vertex-2023-10-16",""" + Body["{\"model\":\"own\",".Length..], asked.Text);
        Assert.Equal("tool-search-tool-2025-10-19,web-search-2025-03-05", asked.Headers["anthropic-beta"]);
        Assert.Equal(Answer, await response.Content.ReadAsStringAsync());
        Assert.Equal(new TokenUsage(42, 5, 30), (await gateway.Usage.SingleAsync()).Usage);
    }

    [Fact]
    public async Task Stream_AtBedrock_IsAnthropicsEventsOutOfTheirFrames()
    {
        await using var gateway = await TestGateway.StartAsync(Bedrock);
        gateway.Provider.Answer = (context, _) =>
        {
            context.Response.ContentType = "application/vnd.amazon.eventstream";
            var frames = $"[{string.Join(',', Events.Select(data => $$$"""{"chunk":{"bytes":"{{{Convert.ToBase64String(Encoding.UTF8.GetBytes(data))}}}"}}"""))}]";
            return context.Response.Body.WriteAsync(AwsEventEncoder.Encode(JsonDocument.Parse(frames).RootElement)).AsTask();
        };

        using var response = await gateway.PostAsync("/v1/messages?beta=true", Streamed, ("anthropic-beta", ClaudeCode));

        var asked = Assert.Single(gateway.Provider.Requests);
        Assert.EndsWith("/invoke-with-response-stream", asked.Path, StringComparison.Ordinal);
        Assert.DoesNotContain("\"stream\"", asked.Text, StringComparison.Ordinal);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(AsServerSent, await response.Content.ReadAsStringAsync());
        Assert.Equal(new TokenUsage(12, 5), (await gateway.Usage.SingleAsync()).Usage);
    }

    [Fact]
    public async Task Stream_AtVertex_PassesAsItIs()
    {
        await using var gateway = await TestGateway.StartAsync(Vertex);
        gateway.Provider.Answer = (context, _) =>
        {
            context.Response.ContentType = "text/event-stream";
            return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(AsServerSent)).AsTask();
        };

        using var response = await gateway.PostAsync("/v1/messages", Streamed);

        Assert.EndsWith(":streamRawPredict", gateway.Provider.Requests.Single().Path, StringComparison.Ordinal);
        Assert.Contains("\"stream\":true", gateway.Provider.Requests.Single().Text, StringComparison.Ordinal);
        Assert.Equal(AsServerSent, await response.Content.ReadAsStringAsync());
        Assert.Equal(new TokenUsage(12, 5), (await gateway.Usage.SingleAsync()).Usage);
    }

    [Fact]
    public async Task Beta_ThatACloudDoesNotTake_ClosesIt_AndIsToldByName()
    {
        await using var gateway = await TestGateway.StartAsync(Bedrock);

        using var response = await gateway.PostAsync("/v1/messages?beta=true", Body, ("anthropic-beta", "claude-code-20250219,fast-mode-2026-02-01"));
        var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(
            "own/us.anthropic.claude-x-v1:0 (anthropic-beta: \"fast-mode-2026-02-01\" is a beta that Bedrock does not take)", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Empty(gateway.Provider.Requests);
        Assert.Empty(gateway.Limiter.Requests);
    }

    [Fact]
    public async Task Beta_ThatACloudDoesNotTake_IsServedWhereItIsTaken()
    {
        await using var gateway = await TestGateway.StartAsync(address => Bedrock(address) with
        {
            Accounts = [.. Bedrock(address).Accounts, new("anthropic-1", "anthropic", null, address, Samples.AccountKey, [], [new ModelConfiguration("claude-x", [], null)])],
            Routes = [new("own", ["own/us.anthropic.claude-x-v1:0"], ["anthropic-1/claude-x"])],
        });
        gateway.Provider.AnswerWith(200, Answer);

        using var response = await gateway.PostAsync("/v1/messages?beta=true", Body, ("anthropic-beta", "fast-mode-2026-02-01"));

        var asked = Assert.Single(gateway.Provider.Requests);
        Assert.Equal("/v1/messages", asked.Path);
        Assert.Equal("fast-mode-2026-02-01", asked.Headers["anthropic-beta"]);
        Assert.Equal("anthropic-1/claude-x", response.Headers.GetValues("X-FuncLimiter-Deployment").Single());
    }

    private static string Streamed => Body.Replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\"", StringComparison.Ordinal);

    private static GatewayConfiguration Bedrock(Uri address) => With(address, "bedrock", "us.anthropic.claude-x-v1:0", "");

    private static GatewayConfiguration Vertex(Uri address) => With(address, "vertex", "claude-x@1", "/v1/projects/p/locations/l/endpoints/openapi");

    private static GatewayConfiguration With(Uri address, string provider, string model, string path) => Samples.Open(address) with
    {
        Accounts = [new("own", provider, null, new Uri(address, path), Samples.AccountKey, [], [new ModelConfiguration(model, [], null)])],
        Routes = [new("own", [$"own/{model}"], [])],
    };
}
