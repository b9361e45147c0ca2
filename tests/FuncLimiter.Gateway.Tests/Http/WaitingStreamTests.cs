using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>A stream that waits has its headers and comments; what comes then is told in it.</summary>
public class WaitingStreamTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Comment = ": waiting\n\n";
    private const string Event = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    private const string MessageStream = """{"model":"claude-x","max_tokens":50,"messages":[{"role":"user","content":"Hi"}],"stream":true}""";

    [Fact]
    public async Task Stream_HasCommentsBeforeItAndIsAsTheProviderWroteIt()
    {
        await using var gateway = await StartAsync();
        gateway.Provider.Answer = StreamAsync;

        var (first, text) = await WaitAsync(gateway, Chat, Samples.ChatStream);

        Assert.Equal(Comment, first);
        Assert.Equal(Event, text.Replace(Comment, "", StringComparison.Ordinal));
        Assert.Equal(UsageOutcome.Answered, (await gateway.Usage.SingleAsync()).Outcome);
    }

    [Fact]
    public async Task PassedStream_HasCommentsBeforeItToo()
    {
        await using var gateway = await StartAsync();
        gateway.Provider.Answer = StreamAsync;

        var (first, text) = await WaitAsync(gateway, "/v1/completions", """{"model":"gpt-x","prompt":"Hi","stream":true}""");

        Assert.Equal(Comment, first);
        Assert.Equal(Event, text.Replace(Comment, "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Chat, Samples.ChatStream, "data: {\"error\":{")]
    [InlineData("/v1/messages", MessageStream, "event: error\ndata: {\"type\":\"error\",\"error\":{")]
    public async Task Refusal_AfterComments_IsToldInTheStream(string path, string body, string beginning)
    {
        await using var gateway = await StartAsync();
        gateway.Limiter.Decide = FakeLimiter.Refuse(RefusalReason.WouldWaitTooLong, "tenant:default", Instant.From(DateTimeOffset.UtcNow.AddSeconds(30)));

        var (_, text) = await WaitAsync(gateway, path, body);

        var told = text.Replace(Comment, "", StringComparison.Ordinal);
        Assert.StartsWith(beginning, told, StringComparison.Ordinal);
        Assert.Contains("tenant:default", told, StringComparison.Ordinal);
        Assert.EndsWith("}\n\n", told, StringComparison.Ordinal);
        Assert.Equal((429, UsageOutcome.Refused), await gateway.Usage.SingleAsync() is var record ? (record.Status, record.Outcome) : default);
    }

    [Theory]
    [InlineData("{\n  \"error\": {\n \"message\": \"No such thing.\" }\n}", "data: {\"error\":{\"message\":\"No such thing.\"}}\n\n")]
    [InlineData("<html>nginx</html>", "data: {\"error\":{\"message\":\"openai-1/gpt-x answered 404: nginx\"")]
    public async Task FailureOfTheProvider_AfterComments_IsOneEvent(string body, string beginning)
    {
        await using var gateway = await StartAsync();
        gateway.Provider.AnswerWith(404, body);

        var (_, text) = await WaitAsync(gateway, Chat, Samples.ChatStream);

        Assert.StartsWith(beginning, text.Replace(Comment, "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FailureBeforeContent_AfterComments_IsStillTriedElsewhere()
    {
        await using var gateway = await StartAsync();
        gateway.Provider.AnswerInTurn(context => FakeProvider.WriteAsync(context, 503, "{}"), context => StreamAsync(context, null!));

        var (_, text) = await WaitAsync(gateway, Chat, Samples.ChatStream.Replace("gpt-x", "smart", StringComparison.Ordinal));

        Assert.Equal(Event, text.Replace(Comment, "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, Samples.Chat)]
    [InlineData(false, Samples.ChatStream)]
    public async Task Call_ThatHasNoComments_HasAStatusOfItsOwn(bool hasComments, string body)
    {
        await using var gateway = await StartAsync(hasComments ? TimeSpan.FromMilliseconds(30) : TimeSpan.Zero);
        gateway.Limiter.Hold = new TaskCompletionSource();
        gateway.Limiter.Decide = FakeLimiter.Refuse(RefusalReason.WouldWaitTooLong, "tenant:default", Instant.From(DateTimeOffset.UtcNow.AddSeconds(30)));

        var call = gateway.PostAsync(Chat, body);
        await Task.Delay(200);
        Assert.False(call.IsCompleted);
        gateway.Limiter.Hold.SetResult();
        using var response = await call;

        Assert.Equal(429, (int)response.StatusCode);
    }

    private static Task<TestGateway> StartAsync(TimeSpan? every = null) => TestGateway.StartAsync(provider => Samples.Open(provider) with
    {
        Queue = new QueueConfiguration { CommentEvery = every ?? TimeSpan.FromMilliseconds(30) },
    });

    private static async Task StreamAsync(HttpContext context, Asked asked)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync(Event);
    }

    private static async Task<(string First, string Text)> WaitAsync(TestGateway gateway, string path, string body)
    {
        gateway.Limiter.Hold = new TaskCompletionSource();
        using var response = await gateway.PostAsync(path, body);
        Assert.Equal((200, "text/event-stream"), ((int)response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        var stream = await response.Content.ReadAsStreamAsync();
        var first = new byte[Comment.Length];
        await stream.ReadExactlyAsync(first);
        gateway.Limiter.Hold.SetResult();
        using var rest = new StreamReader(stream);
        return (System.Text.Encoding.UTF8.GetString(first), await rest.ReadToEndAsync());
    }
}
