using System.Net;
using System.Text;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Tests.Fixtures;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Tests.Http;

public class CrossingTests
{
    private const string Chat = """{"model":"claude-x","messages":[{"role":"user","content":"Hi"}],"max_tokens":50}""";
    private const string Message = """{"model":"gpt-x","max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}""";

    private const string CachedAnswer =
        """{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn","usage":{"input_tokens":12,"cache_read_input_tokens":30,"output_tokens":5}}""";

    private const string MessageStream =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-x\",\"usage\":{\"input_tokens\":12,\"output_tokens\":1}}}\n\n"
        + "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
        + "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n";

    private const string MessageStreamEnd =
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
        + "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":5}}\n\n"
        + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

    [Fact]
    public async Task OpenAICall_OfAnAnthropicModel_IsAskedThereAndAnsweredHere()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, CachedAnswer, ("request-id", "req_7"));

        using var response = await gateway.PostAsync("/v1/chat/completions", Chat, ("Authorization", "Bearer x"), ("x-stainless-lang", "js"), ("OpenAI-Foo", "1"));
        var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

        var asked = Assert.Single(gateway.Provider.Requests);
        Assert.Equal("/v1/messages", asked.Path);
        Assert.Equal("""{"model":"claude-x","max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}""", asked.Text);
        Assert.Equal(Samples.AccountKey, asked.Headers["x-api-key"]);
        Assert.Equal("2023-06-01", asked.Headers["anthropic-version"]);
        Assert.DoesNotContain(asked.Headers.Keys, name => name.StartsWith("x-stainless", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("openai-", StringComparison.OrdinalIgnoreCase) || name == "Authorization");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("anthropic-1/claude-x", response.Headers.GetValues("X-FuncLimiter-Deployment").Single());
        Assert.Equal("req_7", response.Headers.GetValues("x-request-id").Single());
        Assert.Equal("Hello", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal(42, answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(30, answer.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
    }

    [Fact]
    public async Task OpenAICall_OfAnAnthropicModel_IsChargedByItsRule()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, CachedAnswer);

        using var response = await gateway.PostAsync("/v1/chat/completions", Chat);

        // Cached input is not counted there, max_tokens neither.
        var record = await gateway.Usage.SingleAsync();
        Assert.Equal(new TokenUsage(42, 5, 30), record.Usage);
        Assert.Equal(12, gateway.Limiter.Settlements.Single().Provider.InputTokens);
        Assert.Equal(5, gateway.Limiter.Settlements.Single().Provider.OutputTokens);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
    }

    [Fact]
    public async Task AnthropicCall_OfAnOpenAIModel_IsAskedThereAndAnsweredHere()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer, ("x-request-id", "req_8"));

        using var response = await gateway.PostAsync("/v1/messages", Message, ("anthropic-version", "2023-06-01"), ("x-api-key", "x"));
        var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

        var asked = Assert.Single(gateway.Provider.Requests);
        Assert.Equal("/v1/chat/completions", asked.Path);
        Assert.Equal("""{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"max_completion_tokens":50}""", asked.Text);
        Assert.Equal($"Bearer {Samples.AccountKey}", asked.Headers["Authorization"]);
        Assert.DoesNotContain("anthropic-version", asked.Headers.Keys);
        Assert.Equal("req_8", response.Headers.GetValues("request-id").Single());
        Assert.Equal("message", answer.GetProperty("type").GetString());
        Assert.Equal("Hello", answer.GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal(7, answer.GetProperty("usage").GetProperty("input_tokens").GetInt32());
        Assert.Equal(4, answer.GetProperty("usage").GetProperty("cache_read_input_tokens").GetInt32());
    }

    [Fact]
    public async Task AnthropicCall_OfAnAzureDeployment_GoesToItsPath()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);

        using var response = await gateway.PostAsync("/v1/messages", Message.Replace("gpt-x", "gpt-z", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("/openai/deployments/gpt-z/chat/completions", gateway.Provider.Requests.Single().Path);
        Assert.Equal(Samples.AccountKey, gateway.Provider.Requests.Single().Headers["api-key"]);
    }

    [Theory]
    [InlineData("bedrock", "us.anthropic.claude-x-v1:0", "", "/model/us.anthropic.claude-x-v1:0/converse", "Authorization", """{"output":{"message":{"role":"assistant","content":[{"text":"Hello"}]}},"stopReason":"end_turn","usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5}}""")]
    [InlineData("gemini", "gemini-x", "/v1beta/models", "/v1beta/models/gemini-x:generateContent", "x-goog-api-key", """{"candidates":[{"content":{"parts":[{"text":"Hello"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"totalTokenCount":5}}""")]
    public async Task OpenAICall_OfAModelWithItsOwnApi_IsAskedInIt(string provider, string model, string path, string asked, string header, string body)
    {
        await using var gateway = await TestGateway.StartAsync(address => With(address, provider, model, path));
        gateway.Provider.AnswerWith(200, body);

        using var response = await gateway.PostAsync("/v1/chat/completions", Chat.Replace("claude-x", "own", StringComparison.Ordinal));
        var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

        Assert.Equal(asked, Uri.UnescapeDataString(gateway.Provider.Requests.Single().Path));
        Assert.Contains(Samples.AccountKey, gateway.Provider.Requests.Single().Headers[header], StringComparison.Ordinal);
        Assert.Equal("Hello", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal(new TokenUsage(3, 2), (await gateway.Usage.SingleAsync()).Usage);
    }

    [Fact]
    public async Task Stream_IsTranslatedWhileItComes()
    {
        await using var gateway = await TestGateway.StartAsync();
        var goOn = new TaskCompletionSource();
        gateway.Provider.Answer = async (context, _) =>
        {
            await SendAsync(context, MessageStream);
            await goOn.Task;
            await SendAsync(context, MessageStreamEnd);
        };

        using var response = await gateway.PostAsync(
            "/v1/chat/completions", Chat.Replace("\"max_tokens\"", "\"stream\":true,\"stream_options\":{\"include_usage\":true},\"max_tokens\"", StringComparison.Ordinal));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var seen = "";
        while (!seen.Contains("Hello", StringComparison.Ordinal))
        {
            seen += await reader.ReadLineAsync();
        }

        goOn.SetResult();
        var rest = await reader.ReadToEndAsync();
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("\"finish_reason\":\"stop\"", rest, StringComparison.Ordinal);
        Assert.Contains("\"prompt_tokens\":12,\"completion_tokens\":5", rest, StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n\n", rest, StringComparison.Ordinal);
        Assert.Equal(new TokenUsage(12, 5), (await gateway.Usage.SingleAsync()).Usage);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
    }

    [Fact]
    public async Task Stream_OfBinaryFrames_IsServerSentEventsToItsCaller()
    {
        const string events = """
            [{"messageStart":{"role":"assistant"}},{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"Hello"}}},
             {"contentBlockStop":{"contentBlockIndex":0}},{"messageStop":{"stopReason":"end_turn"}},
             {"metadata":{"usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5}}}]
            """;
        await using var gateway = await TestGateway.StartAsync(address => With(address, "bedrock", "us.amazon.nova-x-v1:0", ""));
        gateway.Provider.Answer = (context, _) =>
        {
            context.Response.ContentType = "application/vnd.amazon.eventstream";
            return context.Response.Body.WriteAsync(AwsEventEncoder.Encode(JsonDocument.Parse(events).RootElement)).AsTask();
        };

        using var response = await gateway.PostAsync(
            "/v1/messages?beta=true", """{"model":"own","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hi"}]}""", ("anthropic-beta", "claude-code-20250219"));
        var text = await response.Content.ReadAsStringAsync();

        Assert.EndsWith("/converse-stream", gateway.Provider.Requests.Single().Path, StringComparison.Ordinal);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("event: message_start\n", text, StringComparison.Ordinal);
        Assert.Contains("\"text\":\"Hello\"", text, StringComparison.Ordinal);
        Assert.EndsWith("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", text, StringComparison.Ordinal);
        Assert.Equal(new TokenUsage(3, 2), (await gateway.Usage.SingleAsync()).Usage);
    }

    [Fact]
    public async Task Stream_ThatBeginsWithAFailure_IsTriedAgainUnseen()
    {
        const string error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
        await using var gateway = await TestGateway.StartAsync(time: new HastyTime());
        gateway.Provider.AnswerInTurn(context => SendAsync(context, error), context => SendAsync(context, MessageStream + MessageStreamEnd));

        using var response = await gateway.PostAsync("/v1/chat/completions", Chat.Replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\"", StringComparison.Ordinal));

        Assert.EndsWith("data: [DONE]\n\n", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(2));
    }

    [Fact]
    public async Task Stream_ThatBeginsWithAFailureForGood_IsThatFailure()
    {
        const string error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
        await using var gateway = await TestGateway.StartAsync(options: new() { MaxAttempts = 1 });
        gateway.Provider.Answer = (context, _) => SendAsync(context, error);

        using var response = await gateway.PostAsync("/v1/chat/completions", Chat.Replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\"", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("\"message\":\"Overloaded\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_ThatIsServedElsewhere_GetsItsAnswerInItsOwnApi()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, CachedAnswer);
        var body = Encoding.UTF8.GetBytes(Chat);
        Assert.True(RequestReader.TryRead(Operation.ChatCompletions, body, null, out var facts, out _));

        var result = await gateway.Executor.ExecuteAsync(
            new CallEnvelope(Dialect.OpenAI, facts, body, new Caller("default", null, Priority.Background, null, null, null), "", []), CancellationToken.None);

        Assert.Equal((200, "anthropic-1/claude-x"), (result.Status, result.Deployment));
        Assert.Contains("\"object\":\"chat.completion\"", Encoding.UTF8.GetString(result.Body.Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_ThatBreaksOff_EndsInAnErrorOfTheCallersDialect()
    {
        await using var gateway = await TestGateway.StartAsync();
        var seen = new TaskCompletionSource();
        gateway.Provider.Answer = async (context, _) =>
        {
            await SendAsync(context, MessageStream + "event: content");
            await seen.Task;
            context.Abort();
        };

        using var response = await gateway.PostAsync("/v1/chat/completions", Chat.Replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\"", StringComparison.Ordinal));
        seen.SetResult();
        var text = await response.Content.ReadAsStringAsync();

        Assert.Contains("data: {\"error\":{\"message\":\"anthropic-1/claude-x broke its answer off.\"", text, StringComparison.Ordinal);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
        Assert.Equal(12, gateway.Limiter.Settlements.Single().Provider.InputTokens);
    }

    [Theory]
    [InlineData(429, """{"type":"error","error":{"type":"rate_limit_error","message":"Too many input tokens"}}""", 429, "rate_limit_exceeded", "Too many input tokens")]
    [InlineData(529, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", 503, "server_is_overloaded", "Overloaded")]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: too large"}}""", 400, null, "max_tokens: too large")]
    [InlineData(401, """{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}""", 502, "upstream_authentication", "anthropic-1/claude-x refused")]
    public async Task Failure_OfAnAnthropicModel_IsOpenAIsToItsCaller(int status, string body, int expected, string? code, string message)
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { MaxAttempts = 1 });
        gateway.Provider.AnswerWith(status, body, ("retry-after", "3"));

        using var response = await gateway.PostAsync("/v1/chat/completions", Chat);
        var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error");

        Assert.Equal(expected, (int)response.StatusCode);
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.StartsWith(message, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("anthropic-1/claude-x", response.Headers.GetValues("X-FuncLimiter-Deployment").Single());
    }

    [Fact]
    public async Task Failure_OfAnOpenAIModel_IsAnthropicsToItsCaller()
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { MaxAttempts = 1 });
        gateway.Provider.AnswerWith(503, """{"error":{"message":"Busy","type":"service_unavailable_error","param":null,"code":"server_is_overloaded"}}""");

        using var response = await gateway.PostAsync("/v1/messages", Message);

        Assert.Equal(529, (int)response.StatusCode);
        Assert.Equal("""{"type":"error","error":{"type":"overloaded_error","message":"Busy"}}""", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Fallback_OfAnotherDialect_ServesWhatItCan()
    {
        await using var gateway = await TestGateway.StartAsync(Mixed, time: new HastyTime());
        gateway.Provider.Answer = (context, asked) => asked.Path == "/v1/messages"
            ? FakeProvider.WriteAsync(context, 200, CachedAnswer)
            : FakeProvider.WriteAsync(context, 500, """{"error":{"message":"Broken"}}""");
        gateway.Limiter.Decide = FakeLimiter.Admit;

        using var response = await gateway.PostAsync("/v1/chat/completions", Chat.Replace("claude-x", "mixed", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("anthropic-1/claude-x", response.Headers.GetValues("X-FuncLimiter-Deployment").Single());
        Assert.Contains("\"object\":\"chat.completion\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fallback_ThatCannotTakeTheRequest_IsClosedAndTheRefusalSaysWhy()
    {
        await using var gateway = await TestGateway.StartAsync(Mixed);
        gateway.Limiter.Decide = FakeLimiter.Refuse(RefusalReason.WouldWaitTooLong, "openai-1", Instant.From(DateTimeOffset.UtcNow.AddSeconds(9)));

        using var response = await gateway.PostAsync(
            "/v1/chat/completions", """{"model":"mixed","messages":[{"role":"user","content":"Hi"}],"seed":7}""");
        var text = await response.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal(0b10UL, gateway.Limiter.Requests[0].Excluded);
        Assert.Contains("anthropic-1/claude-x (seed: does not exist in Anthropic's Messages)", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_ThatNoDeploymentCanTake_IsRefusedWithThePlaceAndTheReason()
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.PostAsync(
            "/v1/chat/completions", """{"model":"claude-x","messages":[{"role":"user","content":"Hi"}],"logit_bias":{"1":2}}""");
        var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("request_not_translatable", error.GetProperty("code").GetString());
        Assert.Equal("logit_bias", error.GetProperty("param").GetString());
        Assert.Contains("anthropic-1/claude-x (logit_bias: can be left out only where it is empty)", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Empty(gateway.Provider.Requests);
        Assert.Empty(gateway.Limiter.Requests);
    }

    [Theory]
    [InlineData("/v1/messages", "anthropic-beta", "context-1m", "anthropic-beta")]
    [InlineData("/v1/messages?beta=true", "anthropic-beta", "claude-code-20250219,interleaved-thinking-2025-05-14", "interleaved-thinking-2025-05-14")]
    [InlineData("/v1/messages?other=true", "x-other", "1", "other: is a query parameter")]
    public async Task Features_SwitchedOnOutsideTheBody_CloseOtherApis(string path, string header, string value, string reason)
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.PostAsync(path, Message, (header, value));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(reason, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(gateway.Provider.Requests);
    }

    [Fact]
    public async Task Answer_ThatCannotBeTranslated_EndsTheCallOnce()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, """{"content":[{"type":"server_tool_use"}],"usage":{"input_tokens":12,"output_tokens":5}}""");

        using var response = await gateway.PostAsync("/v1/chat/completions", Chat);
        var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error");

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal("untranslatable_answer", error.GetProperty("code").GetString());
        Assert.Single(gateway.Provider.Requests);
        Assert.Equal(new TokenUsage(12, 5), (await gateway.Usage.SingleAsync()).Usage);
    }

    [Fact]
    public async Task Reservation_IsForCallersWhoAskByThemselves_AndCrossesNothing()
    {
        await using var gateway = await TestGateway.StartAsync(Mixed);

        using var response = await gateway.PostAsync("/reservations", """{"model":"mixed","inputTokens":10,"outputTokens":10}""");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(0b10UL, gateway.Limiter.Requests.Single().Excluded);
    }

    private static GatewayConfiguration Mixed(Uri provider) => Samples.Open(provider) with
    {
        Routes = [new("mixed", ["openai-1/gpt-x"], ["anthropic-1/claude-x"])],
    };

    private static GatewayConfiguration With(Uri address, string provider, string model, string path)
    {
        var open = Samples.Open(address);
        return open with
        {
            Accounts = [new("own", provider, null, new Uri(address, path), Samples.AccountKey, [], [new ModelConfiguration(model, [], null)])],
            Routes = [new("own", [$"own/{model}"], [])],
        };
    }

    private static async Task SendAsync(HttpContext context, string text)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = "text/event-stream";
        }

        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text));
        await context.Response.Body.FlushAsync();
    }
}
