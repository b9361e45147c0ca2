using System.Net;
using System.Text;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Http;

/// <summary>Whatever is wrong with a call is said at once, in the caller's dialect, and neither queue nor provider hear of it.</summary>
public sealed class BadCallTests(PromptSetup setup) : IClassFixture<PromptSetup>
{
    private const int FiftyMegabytes = 50 * 1024 * 1024;

    public static TheoryData<string, string, int, string> Wrong => new()
    {
        { "openai", "bad json", 400, "invalid_json" },
        { "azure", "bad json", 400, "invalid_json" },
        { "anthropic", "bad json", 400, "invalid_request_error" },
        { "openai", "no body", 400, "invalid_json" },
        { "azure", "no body", 400, "invalid_json" },
        { "anthropic", "no body", 400, "invalid_request_error" },
        { "openai", "unknown model", 404, "model_not_found" },
        { "azure", "unknown model", 404, "model_not_found" },
        { "anthropic", "unknown model", 404, "not_found_error" },
        { "openai", "bad key", 401, "invalid_api_key" },
        { "azure", "bad key", 401, "invalid_api_key" },
        { "anthropic", "bad key", 401, "authentication_error" },
        { "openai", "no key", 401, "invalid_api_key" },
        { "azure", "no key", 401, "invalid_api_key" },
        { "anthropic", "no key", 401, "authentication_error" },
        { "openai", "max_tokens 0", 400, "integer_below_min_value" },
        { "azure", "max_tokens 0", 400, "integer_below_min_value" },
        { "openai", "max_tokens -1", 400, "integer_below_min_value" },
        { "azure", "max_tokens -1", 400, "integer_below_min_value" },
        { "anthropic", "max_tokens -1", 400, "invalid_request_error" },
        { "openai", "max_tokens text", 400, "invalid_type" },
        { "azure", "max_tokens text", 400, "invalid_type" },
        { "anthropic", "max_tokens text", 400, "invalid_request_error" },
        { "openai", "max_tokens 2000000000", 400, "integer_above_max_value" },
        { "azure", "max_tokens 2000000000", 400, "integer_above_max_value" },
        { "anthropic", "max_tokens 2000000000", 400, "invalid_request_error" },
        { "openai", "never fits", 413, "request_exceeds_limit" },
        { "azure", "never fits", 413, "request_exceeds_limit" },
        { "openai", "content type", 415, "unsupported_media_type" },
        { "azure", "content type", 415, "unsupported_media_type" },
        { "anthropic", "content type", 415, "invalid_request_error" },
        { "openai", "priority", 400, "invalid_priority" },
        { "azure", "priority", 400, "invalid_priority" },
        { "anthropic", "priority", 400, "invalid_request_error" },
        { "openai", "idempotency key", 400, "invalid_idempotency_key" },
        { "azure", "idempotency key", 400, "invalid_idempotency_key" },
        { "anthropic", "idempotency key", 400, "invalid_request_error" },
        { "openai", "user", 400, "invalid_header" },
        { "azure", "user", 400, "invalid_header" },
        { "anthropic", "user", 400, "invalid_request_error" },
        { "openai", "method", 405, "method_not_allowed" },
        { "azure", "method", 405, "method_not_allowed" },
        { "anthropic", "method", 405, "invalid_request_error" },
        { "openai", "long address", 414, "uri_too_long" },
        { "azure", "long address", 414, "uri_too_long" },
        { "anthropic", "long address", 414, "invalid_request_error" },
        { "openai", "long header", 431, "headers_too_large" },
        { "azure", "long header", 431, "headers_too_large" },
        { "anthropic", "long header", 431, "invalid_request_error" },
        { "openai", "many headers", 431, "headers_too_large" },
        { "openai", "path", 404, "unknown_url" },
        { "azure", "path", 404, "unknown_url" },
        { "anthropic", "path", 404, "not_found_error" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Call_ThatIsWrong_IsRefusedInItsDialectAndTouchesNothing(string dialect, string fault, int status, string word)
    {
        var call = DialectCall.Of(dialect);
        var (admitted, calls) = (await setup.AdmittedAsync(), setup.Provider.Report().Calls);

        using var request = Request(call, fault);
        using var response = await setup.Client.SendAsync(request);
        var reply = await Reply.ReadAsync(response);

        Assert.True(status == reply.Status, $"{reply.Status}: {reply.Text}");
        Assert.Equal(word, call.Word(reply));
        Assert.Equal("false", reply.Headers["x-should-retry"]);
        Assert.Equal(admitted, await setup.AdmittedAsync());
        Assert.Equal(calls, setup.Provider.Report().Calls);
    }

    [Theory]
    [InlineData("openai", true)]
    [InlineData("azure", true)]
    [InlineData("anthropic", true)]
    [InlineData("openai", false)]
    [InlineData("azure", false)]
    [InlineData("anthropic", false)]
    public async Task Body_Of50MB_IsRefusedHoweverItIsSent(string dialect, bool saysItsLength)
    {
        var call = DialectCall.Of(dialect);
        var (admitted, calls) = (await setup.AdmittedAsync(), setup.Provider.Report().Calls);
        using var request = new HttpRequestMessage(HttpMethod.Post, call.Path) { Content = new ByteArrayContent(new byte[FiftyMegabytes]) };
        request.Headers.Add("x-api-key", Setup.AcmeKey);
        request.Headers.TransferEncodingChunked = !saysItsLength;

        using var response = await setup.Client.SendAsync(request);
        var reply = await Reply.ReadAsync(response);

        Assert.Equal((int)HttpStatusCode.RequestEntityTooLarge, reply.Status);
        Assert.Equal("request_too_large", call.Word(reply));
        Assert.Equal(admitted, await setup.AdmittedAsync());
        Assert.Equal(calls, setup.Provider.Report().Calls);
    }

    [Fact]
    public async Task Preference_ThatIsNotUnderstood_IsPassedOver()
    {
        var call = DialectCall.OpenAI;

        var reply = await setup.Client.PostAsync(call.Path, call.Body(), ("x-api-key", Setup.AcmeKey), ("Prefer", "wait=soon, unheard-of; a=b"));

        Assert.Equal(200, reply.Status);
    }

    [Theory]
    [InlineData("iso-8859-1")]
    [InlineData("utf-8")]
    public async Task Header_ThatIsNoAscii_IsTaken_HoweverItIsWritten(string encoding)
    {
        using var handler = new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.GetEncoding(encoding) };
        using var client = new HttpClient(handler) { BaseAddress = setup.Client.BaseAddress };
        var user = $"M\u00fcller by {encoding}";
        using var request = Post(DialectCall.OpenAI.Path, DialectCall.OpenAI.Body(), ("x-api-key", Setup.AcmeKey), ("X-Title", user), ("X-User", user));

        using var response = await client.SendAsync(request);
        var reply = await Reply.ReadAsync(response);

        Assert.True(reply.Status == 200, reply.Text);
    }

    private static HttpRequestMessage Request(DialectCall call, string fault)
    {
        var key = ("x-api-key", fault == "bad key" ? "fl-guess" : Setup.AcmeKey);
        return fault switch
        {
            "bad json" => Post(call.Path, """{"model":"gpt-x","messages":[""", key),
            "no body" => Post(call.Path, "", key),
            "unknown model" => Post(call.PathTo("nobody"), call.Body(model: "nobody"), key),
            "no key" => Post(call.Path, call.Body()),
            "max_tokens 0" => Post(call.Path, call.Body(maxTokens: 0), key),
            "max_tokens -1" => Post(call.Path, call.Body(maxTokens: -1), key),
            "max_tokens text" => Post(call.Path, call.Body(maxTokens: "five"), key),
            "max_tokens 2000000000" => Post(call.Path, call.Body(maxTokens: 2_000_000_000), key),
            "never fits" => Post(call.Path, call.Body(maxTokens: 1_100_000), key),
            "content type" => Post(call.Path, call.Body(), key, ("Content-Type", "text/plain")),
            "priority" => Post(call.Path, call.Body(), key, ("X-Priority", "urgent")),
            "idempotency key" => Post(call.Path, call.Body(), key, ("Idempotency-Key", new string('k', 256))),
            "user" => Post(call.Path, call.Body(), key, ("X-User", new string('u', 257))),
            "long address" => Post($"{call.Path}?x={new string('x', 9_000)}", call.Body(), key),
            "long header" => Post(call.Path, call.Body(), key, ("Cookie", new string('c', 40_000))),
            "many headers" => Post(call.Path, call.Body(), [key, .. Enumerable.Range(0, 120).Select(number => ($"X-Trace-{number}", "1"))]),
            "method" => Requests.Create(HttpMethod.Put, call.Path, call.Body(), key),
            "path" => Post(call.Path.Replace("chat/completions", "organization/users", StringComparison.Ordinal).Replace("messages", "messages/api_keys", StringComparison.Ordinal), call.Body(), key),
            _ => Post(call.Path, call.Body(), key),
        };
    }

    private static HttpRequestMessage Post(string path, string body, params (string, string)[] headers) =>
        Requests.Create(HttpMethod.Post, path, body, headers);
}
