using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

public class BadInputTests
{
    private const string OpenAI = "/v1/chat/completions";
    private const string Anthropic = "/v1/messages";
    private const string Azure = "/openai/deployments/gpt-z/chat/completions";

    public static TheoryData<string, string, int, string> Bodies => new()
    {
        { OpenAI, "{\"model\":", 400, "invalid_json" },
        { OpenAI, "", 400, "invalid_json" },
        { OpenAI, """{"messages":[{"role":"user","content":"Hi"}]}""", 400, "missing_required_parameter" },
        { OpenAI, """{"model":"nobody","messages":[{"role":"user","content":"Hi"}]}""", 404, "model_not_found" },
        { OpenAI, """{"model":"gpt-x","max_tokens":0,"messages":[{"role":"user","content":"Hi"}]}""", 400, "integer_below_min_value" },
        { OpenAI, """{"model":"gpt-x","max_tokens":-5,"messages":[{"role":"user","content":"Hi"}]}""", 400, "integer_below_min_value" },
        { OpenAI, """{"model":"claude-x","messages":[{"role":"user","content":"Hi"}],"seed":1}""", 400, "request_not_translatable" },
        { OpenAI, """{"model":"gpt-x","max_tokens":-1,"messages":[{"role":"user","content":"Hi"}]}""", 400, "integer_below_min_value" },
        { Anthropic, "[1,2", 400, "invalid_request_error" },
        { Anthropic, """{"model":"nobody","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}""", 404, "not_found_error" },
        { Anthropic, """{"model":"claude-x","max_tokens":-1,"messages":[{"role":"user","content":"Hi"}]}""", 400, "invalid_request_error" },
        { Anthropic, """{"model":"gpt-x","max_tokens":9,"top_k":5,"messages":[{"role":"user","content":"Hi"}]}""", 400, "invalid_request_error" },
        { Azure, "nonsense", 400, "invalid_json" },
        { Azure, """{"max_tokens":0,"messages":[{"role":"user","content":"Hi"}]}""", 400, "integer_below_min_value" },
        { "/openai/deployments/nobody/chat/completions", """{"messages":[{"role":"user","content":"Hi"}]}""", 404, "model_not_found" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Body_ThatIsWrong_IsRefusedInTheCallersDialectAndLeavesTheLimiterAlone(string path, string body, int status, string word)
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.PostAsync(path, body);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(word, await WordAsync(response, path));
        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
        Assert.Empty(gateway.Limiter.Requests);
        Assert.Empty(gateway.Provider.Requests);
    }

    [Theory]
    [InlineData(OpenAI, "ffffffffffffffff\r\n{}", "malformed_request")]
    [InlineData(Anthropic, "ffffffffffffffff\r\n{}", "invalid_request_error")]
    [InlineData("/reservations", "ffffffffffffffff\r\n{}", "malformed_request")]
    [InlineData(OpenAI, "size\r\n{}", "malformed_request")]
    [InlineData(OpenAI, "2\r\n{}xx0\r\n\r\n", "malformed_request")]
    public async Task Body_WhoseChunksMakeNoSense_IsTheSendersFault(string path, string chunks, string word)
    {
        await using var gateway = await TestGateway.StartAsync();
        using var client = new TcpClient(gateway.Client.BaseAddress!.Host, gateway.Client.BaseAddress.Port);
        var stream = client.GetStream();

        await stream.WriteAsync(Encoding.Latin1.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"));
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var answer = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains(word, answer, StringComparison.Ordinal);
        Assert.Empty(gateway.Limiter.Requests);
    }

    [Theory]
    [InlineData(OpenAI, "invalid_api_key")]
    [InlineData(Anthropic, "authentication_error")]
    [InlineData(Azure, "invalid_api_key")]
    public async Task Key_ThatIsNobodys_IsRefused(string path, string word)
    {
        await using var gateway = await TestGateway.StartAsync(Samples.Keyed);

        using var wrong = await gateway.PostAsync(path, Samples.Chat, ("x-api-key", "fl-guess"));
        using var missing = await gateway.PostAsync(path, Samples.Chat);

        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Equal(word, await WordAsync(wrong, path));
        Assert.Equal(HttpStatusCode.Unauthorized, missing.StatusCode);
        Assert.Empty(gateway.Limiter.Requests);
    }

    [Theory]
    [InlineData(OpenAI, "request_too_large")]
    [InlineData(Anthropic, "request_too_large")]
    [InlineData(Azure, "request_too_large")]
    public async Task Body_Of50MB_IsRefusedWithoutBeingRead(string path, string word)
    {
        await using var gateway = await TestGateway.StartAsync();
        using var content = new EndlessContent(50 * 1024 * 1024);

        using var response = await gateway.SendAsync(HttpMethod.Post, path, content, CancellationToken.None, ("Expect", "100-continue"));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(word, await WordAsync(response, path));
        Assert.Equal(0, content.Sent);
        Assert.Empty(gateway.Limiter.Requests);
    }

    [Fact]
    public async Task Body_Of50MB_PushedWithoutAsking_IsStillAnswered()
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.SendAsync(HttpMethod.Post, OpenAI, new ByteArrayContent(new byte[50 * 1024 * 1024]), CancellationToken.None);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("request_too_large", await WordAsync(response, OpenAI));
    }

    [Fact]
    public async Task Body_WithoutALength_IsReadUpToTheBoundOnly()
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { MaxRequestBytes = 100_000 });
        using var content = new EndlessContent(null);

        using var response = await gateway.SendAsync(HttpMethod.Post, OpenAI, content, CancellationToken.None);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Empty(gateway.Limiter.Requests);
    }

    [Theory]
    [InlineData("X-Priority", "urgent", "invalid_priority")]
    [InlineData("X-Tenant", "no/slash", "invalid_tenant")]
    [InlineData("Idempotency-Key", "", "invalid_idempotency_key")]
    public async Task Header_ThatMakesNoSense_IsNamed(string name, string value, string word)
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.PostAsync(OpenAI, Samples.Chat, (name, value));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(word, await WordAsync(response, OpenAI));
        Assert.Empty(gateway.Limiter.Requests);
    }

    [Fact]
    public async Task Names_ThatAreTooLong_AreRefused()
    {
        await using var gateway = await TestGateway.StartAsync();

        using var user = await gateway.PostAsync(OpenAI, Samples.Chat, ("X-User", new string('u', 257)));
        using var tenant = await gateway.PostAsync(OpenAI, Samples.Chat, ("X-Tenant", new string('t', 65)));

        Assert.Equal("invalid_header", await WordAsync(user, OpenAI));
        Assert.Equal("invalid_tenant", await WordAsync(tenant, OpenAI));
    }

    [Theory]
    [InlineData("GET", "/v1/chat/completions", 405, "method_not_allowed", "POST")]
    [InlineData("POST", "/v1/models", 405, "method_not_allowed", "GET")]
    [InlineData("POST", "/v1/organization/users", 404, "unknown_url", null)]
    [InlineData("POST", "/openai/deployments/gpt-z", 404, "unknown_url", null)]
    [InlineData("PUT", "/v1/messages", 405, "invalid_request_error", "POST")]
    [InlineData("POST", "/v1/messages/api_keys", 404, "not_found_error", null)]
    public async Task Path_ThatIsNotServed_IsRefusedInItsDialect(string method, string path, int status, string word, string? allow)
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.SendAsync(new HttpMethod(method), path, null, CancellationToken.None);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(word, await WordAsync(response, path));
        Assert.Equal(allow, response.Content.Headers.Allow.SingleOrDefault());
    }

    private static async Task<string> WordAsync(HttpResponseMessage response, string path)
    {
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        var error = body.RootElement.GetProperty("error");
        Assert.NotEqual("", error.GetProperty("message").GetString());
        if (!path.StartsWith(Anthropic, StringComparison.Ordinal))
        {
            return error.GetProperty("code").GetString()!;
        }

        Assert.Equal("error", body.RootElement.GetProperty("type").GetString());
        return error.GetProperty("type").GetString()!;
    }

    /// <summary>A body that counts how much of it was taken.</summary>
    private sealed class EndlessContent(long? length) : HttpContent
    {
        public long Sent { get; private set; }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var block = Encoding.ASCII.GetBytes(new string(' ', 64 * 1024));
            while (Sent < (length ?? 10_000_000))
            {
                await stream.WriteAsync(block);
                Sent += block.Length;
            }
        }

        protected override bool TryComputeLength(out long computed)
        {
            computed = length ?? 0;
            return length is not null;
        }
    }
}
