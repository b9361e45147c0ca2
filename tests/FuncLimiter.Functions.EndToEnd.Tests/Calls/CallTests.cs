using FuncLimiter.Functions.EndToEnd.Tests.Hosting;
using FuncLimiter.Server.Tests.Http;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Functions.EndToEnd.Tests.Calls;

/// <summary>Calls as agents make them, through host, worker and leases.</summary>
[Collection(RunningApp.Name)]
public sealed class CallTests(RunningApp app)
{
    [EndToEndTheory]
    [InlineData("openai")]
    [InlineData("azure")]
    [InlineData("anthropic")]
    public async Task Call_IsAnsweredByTheProvider_WithinABudgetThatAnEntityOwns(string dialect)
    {
        var call = DialectCall.Of(dialect);

        var reply = await app.Client.PostAsync(call.Path, call.Body(), ("x-api-key", Setup.AcmeKey));

        Assert.True(reply.Status == 200, reply.Text);
        Assert.Equal(call.Model, reply.Json["model"]!.GetValue<string>());
        Assert.EndsWith(call.Model, reply.Headers["X-FuncLimiter-Deployment"], StringComparison.Ordinal);
    }

    [EndToEndFact]
    public async Task Stream_PassesChunkByChunk()
    {
        using var request = Requests.Create(
            HttpMethod.Post, "/v1/chat/completions", DialectCall.OpenAI.Body(maxTokens: 8, stream: true), ("x-api-key", Setup.AcmeKey));
        using var response = await app.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var lines = (await response.Content.ReadAsStringAsync()).Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).ToArray();

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.InRange(lines.Length, 8, 20);
        Assert.Equal("data: [DONE]", lines[^1].Trim());
    }

    [EndToEndFact]
    public async Task Call_WithAKeyOfNobody_IsRefusedInTheCallersDialect()
    {
        var reply = await app.Client.PostAsync("/v1/messages", DialectCall.Anthropic.Body(), ("x-api-key", "nobody's"));

        Assert.Equal((401, "authentication_error"), (reply.Status, DialectCall.Anthropic.Word(reply)));
    }
}
