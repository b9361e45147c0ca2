using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Http;

/// <summary>A job that cannot be done is refused before it is stored, and says which of its calls is wrong and how.</summary>
public sealed class BadJobTests(PromptSetup setup) : IClassFixture<PromptSetup>
{
    private const string Good = """{"path":"/v1/chat/completions","body":{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"max_tokens":5}}""";

    public static TheoryData<string, int, string, string?> Wrong => new()
    {
        { "", 400, "invalid_json", null },
        { "[{", 400, "invalid_json", null },
        { "7", 400, "invalid_call", "path" },
        { "[]", 400, "empty_job", null },
        { $"[{string.Join(',', Enumerable.Repeat(Good, 21))}]", 400, "too_many_calls", null },
        { $"[{Good},7]", 400, "invalid_call", "[1].path" },
        { "{}", 400, "missing_required_parameter", "path" },
        { """{"path":"/v1/chat/completions"}""", 400, "missing_required_parameter", "body" },
        { """{"path":"/v1/chat/completions","body":"text"}""", 400, "missing_required_parameter", "body" },
        { """{"path":"/v1/threads","body":{}}""", 400, "invalid_path", "path" },
        { """{"path":"https://example.com/v1/messages","body":{}}""", 400, "invalid_path", "path" },
        { Good.Replace("\"path\"", "\"url\"", StringComparison.Ordinal), 400, "unknown_parameter", "url" },
        { Good.Replace("{\"path\"", "{\"user\":\"a\",\"user\":\"b\",\"path\"", StringComparison.Ordinal), 400, "duplicate_parameter", "user" },
        { Good.Replace("gpt-x", "nobody", StringComparison.Ordinal), 404, "model_not_found", "body.model" },
        { Good.Replace("gpt-x", "claude-x", StringComparison.Ordinal).Replace("chat/completions", "embeddings", StringComparison.Ordinal).Replace("messages", "input", StringComparison.Ordinal), 400, "operation_not_supported", "body.model" },
        { Good.Replace("\"max_tokens\":5", "\"max_tokens\":0", StringComparison.Ordinal), 400, "integer_below_min_value", "body.max_tokens" },
        { Good.Replace("\"max_tokens\":5", "\"max_tokens\":1100000", StringComparison.Ordinal), 413, "request_exceeds_limit", "body" },
        { Good.Replace("\"max_tokens\":5", "\"stream\":true", StringComparison.Ordinal), 400, "stream_not_supported", "body.stream" },
        { $"[{Good},{Good.Replace("gpt-x", "nobody", StringComparison.Ordinal)}]", 404, "model_not_found", "[1].body.model" },
        { Good.Replace("{\"path\"", "{\"priority\":\"urgent\",\"path\"", StringComparison.Ordinal), 400, "invalid_priority", "priority" },
        { Good.Replace("{\"path\"", "{\"deadlineSeconds\":0,\"path\"", StringComparison.Ordinal), 400, "invalid_deadline", "deadlineSeconds" },
        { Good.Replace("{\"path\"", "{\"deadlineSeconds\":604801,\"path\"", StringComparison.Ordinal), 400, "invalid_deadline", "deadlineSeconds" },
        { Good.Replace("{\"path\"", "{\"deadlineSeconds\":\"soon\",\"path\"", StringComparison.Ordinal), 400, "invalid_type", "deadlineSeconds" },
        { Good.Replace("{\"path\"", $"{{\"step\":\"{new string('s', 257)}\",\"path\"", StringComparison.Ordinal), 400, "invalid_name", "step" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Job_ThatIsWrong_IsRefusedAndNotStored(string body, int status, string word, string? parameter)
    {
        var calls = setup.Provider.Report().Calls;

        var reply = await setup.Client.PostAsync("/jobs", body, ("x-api-key", Setup.AcmeKey));

        Assert.True(status == reply.Status, $"{reply.Status}: {reply.Text}");
        Assert.Equal((word, parameter), (DialectCall.OpenAI.Word(reply), reply.Json["error"]!["param"]?.GetValue<string>()));
        await setup.AdmittedAsync();
        Assert.Equal(calls, setup.Provider.Report().Calls);
    }

    [Theory]
    [InlineData("openai", "invalid_request_error")]
    [InlineData("azure", "invalid_request_error")]
    [InlineData("anthropic", "invalid_request_error")]
    public async Task DeferredCall_ThatIsStreamed_IsRefusedInItsDialect(string dialect, string type)
    {
        var call = DialectCall.Of(dialect);

        var reply = await setup.Client.PostAsync(call.Path, call.Body(stream: true), ("x-api-key", Setup.AcmeKey), ("Prefer", "respond-async"));

        Assert.Equal((400, type), (reply.Status, reply.Json["error"]!["type"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("openai", 413, "request_exceeds_limit")]
    [InlineData("azure", 413, "request_exceeds_limit")]
    public async Task DeferredCall_ThatNeverFits_IsRefusedInItsDialect(string dialect, int status, string word)
    {
        var call = DialectCall.Of(dialect);
        var body = call.Body(maxTokens: 1_100_000);

        var reply = await setup.Client.PostAsync(call.Path, body, ("x-api-key", Setup.AcmeKey), ("Prefer", "respond-async"));

        Assert.Equal((status, word), (reply.Status, call.Word(reply)));
    }

    [Fact]
    public async Task Job_OfAnotherTypeOrSize_IsRefused()
    {
        var type = await setup.Client.PostAsync("/jobs", Good, ("x-api-key", Setup.AcmeKey), ("Content-Type", "application/x-www-form-urlencoded"));
        var size = await setup.Client.PostAsync("/jobs", new string(' ', 50 * 1024 * 1024), ("x-api-key", Setup.AcmeKey));
        var key = await setup.Client.PostAsync("/jobs", Good, ("x-api-key", "fl-guess"));

        Assert.Equal((415, "unsupported_media_type"), (type.Status, DialectCall.OpenAI.Word(type)));
        Assert.Equal((413, "request_too_large"), (size.Status, DialectCall.OpenAI.Word(size)));
        Assert.Equal((401, "invalid_api_key"), (key.Status, DialectCall.OpenAI.Word(key)));
    }

    [Theory]
    [InlineData("GET", "/jobs", "POST")]
    [InlineData("PUT", "/jobs/job_1", "GET, DELETE")]
    public async Task Method_ThatAJobPathDoesNotTake_IsRefusedWithThoseItDoes(string method, string path, string allowed)
    {
        var reply = await setup.Client.SendAsync(new HttpMethod(method), path, null, ("x-api-key", Setup.AcmeKey));

        Assert.Equal((405, allowed), (reply.Status, reply.Headers["Allow"]));
    }
}
