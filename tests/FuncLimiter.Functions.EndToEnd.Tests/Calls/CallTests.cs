using System.Diagnostics;
using FuncLimiter.Functions.EndToEnd.Tests.Hosting;
using FuncLimiter.Server.Tests.Http;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Functions.EndToEnd.Tests.Calls;

/// <summary>Calls as agents make them, through host, worker and leases.</summary>
public sealed class CallTests
{
    [EndToEndTheory]
    [InlineData("openai")]
    [InlineData("azure")]
    [InlineData("anthropic")]
    public async Task Call_IsAnsweredByTheProvider_WithinABudgetThatAnEntityOwns(string dialect)
    {
        var app = await RunningApp.GetAsync();
        var call = DialectCall.Of(dialect);

        var reply = await app.Client.PostAsync(call.Path, call.Body(), ("x-api-key", Setup.AcmeKey));

        Assert.True(reply.Status == 200, reply.Text);
        Assert.Equal(call.Model, reply.Json["model"]!.GetValue<string>());
        Assert.EndsWith(call.Model, reply.Headers["X-FuncLimiter-Deployment"], StringComparison.Ordinal);
    }

    [EndToEndFact]
    public async Task Stream_PassesChunkByChunk()
    {
        var app = await RunningApp.GetAsync();
        using var request = Requests.Create(
            HttpMethod.Post, "/v1/chat/completions", DialectCall.OpenAI.Body(maxTokens: 100, stream: true), ("x-api-key", Setup.AcmeKey));
        using var response = await app.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        using var reader = new StreamReader(stream);
        var lines = new List<(string Text, long At)>();
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                lines.Add((line, Stopwatch.GetTimestamp()));
            }
        }

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.InRange(lines.Count, 100, 110);
        Assert.Equal("data: [DONE]", lines[^1].Text);
        Assert.True(Stopwatch.GetElapsedTime(lines[0].At, lines[^1].At) > TimeSpan.FromSeconds(1), "The chunks came all at once.");
    }

    [EndToEndFact]
    public async Task Call_WithAKeyOfNobody_IsRefusedInTheCallersDialect()
    {
        var app = await RunningApp.GetAsync();

        var reply = await app.Client.PostAsync("/v1/messages", DialectCall.Anthropic.Body(), ("x-api-key", "nobody's"));

        Assert.Equal((401, "authentication_error"), (reply.Status, DialectCall.Anthropic.Word(reply)));
    }

    [EndToEndFact]
    public async Task IdempotencyKey_AskedManyTimesAtOnce_IsOneAnswer()
    {
        var app = await RunningApp.GetAsync();

        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => app.Client.PostAsync(
            DialectCall.OpenAI.Path, DialectCall.OpenAI.Body(), ("x-api-key", Setup.AcmeKey), ("Idempotency-Key", "twenty at once"))));

        Assert.All(replies, reply => Assert.Equal((200, replies[0].Text), (reply.Status, reply.Text)));
        Assert.Equal(19, replies.Count(reply => reply.Headers.ContainsKey("Idempotent-Replayed")));
    }

    [EndToEndFact]
    public async Task Reservation_IsSettledOnce()
    {
        var app = await RunningApp.GetAsync();
        var reserved = await app.Client.PostAsync(
            "/reservations", """{"model":"gpt-x","inputTokens":100,"outputTokens":50}""", ("x-api-key", Setup.AcmeKey));
        var path = $"/reservations/{reserved.Json["id"]}/settlement";

        var settled = await app.Client.PostAsync(path, """{"status":200,"usage":{"inputTokens":90,"outputTokens":5}}""", ("x-api-key", Setup.AcmeKey));
        var again = await app.Client.PostAsync(path, "{}", ("x-api-key", Setup.AcmeKey));

        Assert.Equal((200, 200, 404), (reserved.Status, settled.Status, again.Status));
    }
}
