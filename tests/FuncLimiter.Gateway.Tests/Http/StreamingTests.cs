using System.Net;
using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Tests.Http;

public class StreamingTests
{
    private const string First = "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}],\"usage\":null}\n\n";
    private const string Second = "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"}}],\"usage\":null}\n\n";
    private const string Usage = "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":2,\"total_tokens\":13}}\n\n";
    private const string Done = "data: [DONE]\n\n";
    private const string Message = "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":11,\"output_tokens\":1}}}\n\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\ndata: {\"type\":\"message_stop\"}\n\n";
    private const string MessageStream = """{"model":"claude-x","max_tokens":50,"messages":[{"role":"user","content":"Hi"}],"stream":true}""";

    [Fact]
    public async Task Chunk_ArrivesBeforeTheProviderHasEnded()
    {
        await using var gateway = await TestGateway.StartAsync();
        var goOn = new TaskCompletionSource();
        gateway.Provider.Answer = async (context, _) =>
        {
            await SendAsync(context, First);
            await goOn.Task;
            await SendAsync(context, Second + Usage + Done);
        };

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.ChatStream);
        var stream = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[4096];
        var read = await stream.ReadAsync(buffer);

        Assert.Equal(First, Encoding.UTF8.GetString(buffer, 0, read));
        Assert.Empty(gateway.Limiter.Settlements);
        goOn.SetResult();
        Assert.Equal(Second + Usage + Done, await new StreamReader(stream).ReadToEndAsync());
        Assert.Equal(new TokenUsage(11, 2), (await gateway.Usage.SingleAsync()).Usage);
        Assert.Equal(new Charge(1, 13, 11, 2, 0, Cost: 42_000), gateway.Limiter.Settlements.Single().Consumer);
    }

    [Theory]
    [InlineData("/v1/chat/completions", "smart", "data: {\"error\":{\"message\":\"busy\",\"type\":\"server_error\"}}\n\n")]
    [InlineData("/v1/chat/completions", "smart", "data: {\"error\":\"overloaded\"}\n\n")]
    [InlineData("/v1/chat/completions", "smart", "event: error\ndata: {\"type\":\"error\",\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"Slow\"}}\n\n")]
    [InlineData("/v1/chat/completions", "smart", "data: {\"id\":\"c\",\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}],\"error\":{\"code\":502,\"message\":\"Upstream\"}}\n\n")]
    [InlineData("/v1/responses", "smart", "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"server_error\",\"message\":\"busy\"}}}\n\n")]
    [InlineData("/v1/chat/completions", "smart", "")]
    public async Task FailureBeforeContent_IsUnseenAndTriedElsewhere(string path, string model, string failure)
    {
        await using var gateway = await TestGateway.StartAsync();
        var isResponse = path == "/v1/responses";
        var opening = ": wait\n\n" + (isResponse
            ? "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"error\":null}}\n\n"
            : "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n");
        var whole = isResponse
            ? "data: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\ndata: {\"type\":\"response.completed\",\"response\":{}}\n\n"
            : First + Usage + Done;
        gateway.Provider.AnswerInTurn(
            async context =>
            {
                // An event that is split over two reads, and each part some time after the one before.
                foreach (var part in (string[])[opening[..20], opening[20..], failure[..(failure.Length / 2)], failure[(failure.Length / 2)..]])
                {
                    await SendAsync(context, part);
                    await Task.Delay(20);
                }
            },
            context => SendAsync(context, whole));
        var body = isResponse
            ? """{"model":"MODEL","input":"Hi","stream":true}"""
            : Samples.ChatStream.Replace("gpt-x", "MODEL", StringComparison.Ordinal);

        using var response = await gateway.PostAsync(path, body.Replace("MODEL", model, StringComparison.Ordinal));

        Assert.Equal(whole, await response.Content.ReadAsStringAsync());
        Assert.Equal(2, gateway.Provider.Requests.Count);
        Assert.Equal(UsageOutcome.Answered, (await gateway.Usage.SingleAsync()).Outcome);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(2));
    }

    [Theory]
    [InlineData(200, 1_000_000)]
    [InlineData(60_000, 100)]
    public async Task Opening_IsHeldForABoundedTimeAndOfABoundedSize(int milliseconds, int bytes)
    {
        await using var gateway = await TestGateway.StartAsync(options: new GatewayOptions
        {
            StreamHoldTime = TimeSpan.FromMilliseconds(milliseconds),
            StreamHoldBytes = bytes,
        });
        var opening = $": {new string('.', 200)}\n\n";
        var goOn = new TaskCompletionSource();
        gateway.Provider.Answer = async (context, _) =>
        {
            await SendAsync(context, opening);
            await goOn.Task;
            await SendAsync(context, First + Usage + Done);
        };

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.ChatStream);
        var stream = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[4096];
        var read = await stream.ReadAsync(buffer);
        goOn.SetResult();

        Assert.Equal(opening, Encoding.UTF8.GetString(buffer, 0, read));
        Assert.Equal(First + Usage + Done, await new StreamReader(stream).ReadToEndAsync());
    }

    [Theory]
    [InlineData(First)]
    [InlineData(First + "data: {\"error\":{\"message\":\"busy\"}}\n\n")]
    public async Task StreamWithoutItsEnd_IsToldAndRecordedAsBroken(string text)
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.Answer = async (context, _) =>
        {
            await SendAsync(context, First);
            await Task.Delay(200);
            await SendAsync(context, text[First.Length..]);
        };

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.ChatStream);

        var answer = await response.Content.ReadAsStringAsync();
        Assert.StartsWith(First, answer, StringComparison.Ordinal);
        Assert.Contains("\"error\":{", answer, StringComparison.Ordinal);
        Assert.Equal(UsageOutcome.Failed, (await gateway.Usage.SingleAsync()).Outcome);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
    }

    [Fact]
    public async Task Stream_CutAtAnyByte_PassesUntouched()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.Answer = async (context, _) =>
        {
            foreach (var letter in First + Usage + Done)
            {
                await SendAsync(context, letter.ToString());
            }
        };

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.ChatStream);

        Assert.Equal(First + Usage + Done, await response.Content.ReadAsStringAsync());
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Usage_NotAskedForByTheCaller_IsAskedForButNotShown()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.Answer = (context, _) => SendAsync(context, First + Usage + Done);

        using var response = await gateway.PostAsync("/v1/chat/completions", """{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"stream":true,"seed":7}""");

        Assert.Equal(First + Done, await response.Content.ReadAsStringAsync());
        Assert.Contains("\"include_usage\":true", gateway.Provider.Requests[0].Text, StringComparison.Ordinal);
        Assert.Equal(new TokenUsage(11, 2), (await gateway.Usage.SingleAsync()).Usage);
    }

    [Fact]
    public async Task CallerGoneMidStream_CancelsTheProviderAndSettlesWhatWentBy()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.Answer = async (context, _) =>
        {
            await SendAsync(context, First + Second);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };

        using (var response = await gateway.PostAsync("/v1/chat/completions", Samples.ChatStream))
        {
            await (await response.Content.ReadAsStreamAsync()).ReadExactlyAsync(new byte[First.Length + Second.Length]);
        }

        Assert.True(await gateway.Provider.Aborted.WaitAsync(TimeSpan.FromSeconds(60)));
        var record = await gateway.Usage.SingleAsync();
        Assert.Equal(2, record.Usage!.Value.OutputTokens);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
        Assert.Equal(2, gateway.Limiter.Settlements[0].Consumer.OutputTokens);
        Assert.Equal(gateway.Limiter.Requests[0].Consumer.InputTokens, gateway.Limiter.Settlements[0].Consumer.InputTokens);
    }

    [Fact]
    public async Task ProviderGoneMidEvent_BreaksTheAnswerOffAndSettlesWhatWentBy()
    {
        await using var gateway = await TestGateway.StartAsync();
        var seen = new TaskCompletionSource();
        gateway.Provider.Answer = async (context, _) =>
        {
            await SendAsync(context, First + "data: {\"id\"");
            await seen.Task;
            context.Abort();
        };

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.ChatStream);
        seen.SetResult();

        await Assert.ThrowsAnyAsync<HttpRequestException>(response.Content.ReadAsStringAsync);
        await gateway.Usage.SingleAsync();
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
        Assert.Equal(1, gateway.Limiter.Settlements[0].Consumer.OutputTokens);
        Assert.Contains(gateway.Limiter.Observations, observation => observation.Kind == OutcomeKind.TransientFailure);
    }

    [Fact]
    public async Task ProviderGoneBetweenEvents_TellsItAsTheLastEvent()
    {
        await using var gateway = await TestGateway.StartAsync();
        var seen = new TaskCompletionSource();
        gateway.Provider.Answer = async (context, _) =>
        {
            await SendAsync(context, First);
            await seen.Task;
            context.Abort();
        };

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.ChatStream);
        seen.SetResult();
        var text = await response.Content.ReadAsStringAsync();

        Assert.StartsWith(First + "data: {\"error\":", text, StringComparison.Ordinal);
        Assert.Contains("openai-1/gpt-x", text, StringComparison.Ordinal);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
    }

    [Fact]
    public async Task ProviderSilentMidStream_IsGivenUpAfterTheIdleTime()
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { IdleTimeout = TimeSpan.FromMilliseconds(200) });
        gateway.Provider.Answer = async (context, _) =>
        {
            await SendAsync(context, First);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.ChatStream);

        Assert.Contains("\"error\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.True(await gateway.Provider.Aborted.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
    }

    [Theory]
    [InlineData("/v1/chat/completions", Samples.ChatStream, First + Usage + Done)]
    [InlineData("/v1/messages", MessageStream, Message)]
    [InlineData("/v1/responses", """{"model":"gpt-x","input":"Hi","stream":true}""", "data: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":11,\"output_tokens\":2}}}\n\n")]
    public async Task StreamKeptOpenAfterItsEnd_IsSettledAtOnce_AndEndedAfterAMoment(string path, string body, string text)
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { StreamEndTime = TimeSpan.FromMilliseconds(200) });
        gateway.Provider.Answer = async (context, _) =>
        {
            await SendAsync(context, text);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };

        using var response = await gateway.PostAsync(path, body);

        Assert.Equal(text, await response.Content.ReadAsStringAsync());
        Assert.True(await gateway.Provider.Aborted.WaitAsync(TimeSpan.FromSeconds(60)));
        var record = await gateway.Usage.SingleAsync();
        Assert.Equal((UsageOutcome.Answered, new TokenUsage(11, 2)), (record.Outcome, record.Usage));
        Assert.DoesNotContain(gateway.Limiter.Observations, observation => observation.Kind != OutcomeKind.Success);
    }

    [Fact]
    public async Task StreamAtItsEnd_IsSettledWhileItsConnectionIsStillOpen_AndWhatFollowsPasses()
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { StreamEndTime = TimeSpan.FromMinutes(5) });
        var goOn = new TaskCompletionSource();
        gateway.Provider.Answer = async (context, _) =>
        {
            await SendAsync(context, First + Usage + Done);
            await goOn.Task;
            await SendAsync(context, ": bye\n\n");
        };

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.ChatStream);

        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
        goOn.SetResult();
        Assert.Equal(First + Usage + Done + ": bye\n\n", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task FailureAfterTheEnd_IsNone(bool isTold)
    {
        await using var gateway = await TestGateway.StartAsync();
        var seen = new TaskCompletionSource();
        gateway.Provider.Answer = async (context, _) =>
        {
            await SendAsync(context, First + Usage + Done + (isTold ? "data: {\"error\":{\"message\":\"busy\"}}\n\n" : ""));
            await seen.Task;
            context.Abort();
        };

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.ChatStream.Replace("gpt-x", "smart", StringComparison.Ordinal));
        seen.SetResult();
        var text = await response.Content.ReadAsStringAsync();

        Assert.Equal(isTold, text.Contains("error", StringComparison.Ordinal));
        Assert.Equal(UsageOutcome.Answered, (await gateway.Usage.SingleAsync()).Outcome);
        Assert.Single(gateway.Provider.Requests);
        Assert.DoesNotContain(gateway.Limiter.Observations, observation => observation.Kind != OutcomeKind.Success);
    }

    [Fact]
    public async Task StreamThatBeginsWithAnOverload_IsTriedAgainUnseen()
    {
        const string error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
        const string begin = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n";
        const string end = "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":6}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
        await using var gateway = await TestGateway.StartAsync(time: new HastyTime());
        gateway.Provider.AnswerInTurn(context => SendAsync(context, error), context => SendAsync(context, begin + end));

        using var response = await gateway.PostAsync("/v1/messages", Samples.Message.Replace("\"max", "\"stream\":true,\"max", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(begin + end, await response.Content.ReadAsStringAsync());
        Assert.Equal(new TokenUsage(9, 6), (await gateway.Usage.SingleAsync()).Usage);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(2));
    }

    private static async Task SendAsync(HttpContext context, string text)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = "text/event-stream";
        }

        await context.Response.WriteAsync(text);
        await context.Response.Body.FlushAsync();
    }
}
