using System.Text.Json.Nodes;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Credentials;

/// <summary>Accounts at Vertex AI that Google's access tokens open, over HTTP against the real process.</summary>
public sealed class GoogleAccountTests(CloudSetup setup) : IClassFixture<CloudSetup>
{
    [Theory]
    [InlineData("file")]
    [InlineData("default")]
    public async Task Chat_IsAnswered_AndItsTokenIsAskedForOnce(string account)
    {
        Assert.Equal(200, (await Chat(account)).Status);
        var given = setup.Google.Given;

        var reply = await Chat(account);

        Assert.True(reply.Status == 200, $"{reply.Text}\n{string.Join('\n', setup.Google.Refused)}\n{setup.Output}");
        Assert.Equal("from Vertex", reply.Json["choices"]![0]!["message"]!["content"]!.GetValue<string>());
        Assert.Equal(given, setup.Google.Given);
    }

    [Fact]
    public async Task Chat_Streamed_IsPassedOn_AndItsUsageRead()
    {
        var reply = await setup.Client.PostAsync(
            "/v1/chat/completions", """{"model":"file","messages":[{"role":"user","content":"Say it."}],"max_tokens":100,"stream":true}""", ("X-Run", "vertex-streamed"));

        Assert.True(reply.Status == 200, $"{reply.Text}\n{setup.Output}");
        var chunks = reply.Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", chunks[^1]);
        Assert.Equal("from Vertex", string.Concat(chunks[..^1].Select(chunk => JsonNode.Parse(chunk["data: ".Length..])!["choices"]!.AsArray().FirstOrDefault()?["delta"]?["content"]?.GetValue<string>())));
        await setup.Client.UntilUsedAsync("vertex-streamed", GoogleDouble.InputTokens, GoogleDouble.OutputTokens);
    }

    [Fact]
    public async Task RawPredict_Streamed_PassesAsItComes_InTheAccountsProject_AndItsUsageIsRead()
    {
        var reply = await setup.Client.PostAsync(
            "/v1/projects/theirs/locations/us-east5/publishers/anthropic/models/claude-file:streamRawPredict",
            """{"anthropic_version":"vertex-2023-10-16","messages":[{"role":"user","content":"Say it."}],"max_tokens":100,"stream":true}""",
            ("X-Run", "vertex-raw"));

        Assert.True(reply.Status == 200, $"{reply.Text}\n{setup.Output}");
        Assert.Equal(string.Concat(GoogleDouble.Message.Select(one => $"{one}\n\n")), reply.Text);
        Assert.Equal("/v1/projects/tests/locations/eu/publishers/anthropic/models/claude-x:streamRawPredict", setup.Google.Served.Last());
        await setup.Client.UntilUsedAsync("vertex-raw", GoogleDouble.InputTokens, GoogleDouble.OutputTokens);
    }

    [Fact]
    public async Task GenerateContent_StreamedAsOneArray_PassesAsItComes_AndItsUsageIsRead()
    {
        using var request = Requests.Create(
            HttpMethod.Post, "/v1/projects/theirs/locations/us-east5/publishers/google/models/claude-file:streamGenerateContent",
            """{"contents":[{"role":"user","parts":[{"text":"Say it."}]}]}""", ("X-Run", "vertex-array"));
        using var response = await setup.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var first = new byte[System.Text.Encoding.UTF8.GetByteCount(GoogleDouble.Items[0])];
        await body.ReadExactlyAsync(first).AsTask().WaitAsync(TimeSpan.FromSeconds(50));
        setup.Google.Rest.Release();
        using var rest = new StreamReader(body);

        Assert.Equal(GoogleDouble.Items[0], System.Text.Encoding.UTF8.GetString(first));
        Assert.Equal(GoogleDouble.Items[1], await rest.ReadToEndAsync());
        await setup.Client.UntilUsedAsync("vertex-array", GoogleDouble.InputTokens, GoogleDouble.OutputTokens);
    }

    [Fact]
    public async Task Token_ThatIsRefused_IsReplaced_AndNobodyNotices()
    {
        Assert.Equal(200, (await Chat("file")).Status);
        setup.Google.Revoke();

        var reply = await Chat("file");

        Assert.True(reply.Status == 200, $"{reply.Text}\n{setup.Output}");
    }

    private Task<Reply> Chat(string model) => setup.Client.PostAsync(
        "/v1/chat/completions", $$"""{"model":"{{model}}","messages":[{"role":"user","content":"Say it."}],"max_tokens":100}""");
}
