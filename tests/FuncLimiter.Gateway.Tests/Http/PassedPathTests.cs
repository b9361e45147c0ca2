using System.Net;
using System.Net.Http.Headers;
using System.Text;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>Paths that are passed on as they are, and the small differences of clients, in every host.</summary>
public class PassedPathTests
{
    private const string Origin = "https://app.example";

    [Theory]
    [InlineData("POST", "/v1/completions", "/v1/completions", """{"model":"gpt-x","prompt":"Hi"}""")]
    [InlineData("POST", "/v1/images/generations?v=1", "/v1/images/generations", """{"prompt":"a house","model":"gpt-x"}""")]
    [InlineData("POST", "/openai/v1/images/generations", "/openai/v1/images/generations", """{"prompt":"a house","model":"gpt-z"}""")]
    [InlineData("POST", "/openai/v1/chat/completions?api-version=preview", "/openai/deployments/gpt-z/chat/completions", """{"model":"gpt-z","messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("POST", "/openai/responses?api-version=2025-03-01-preview", "/openai/v1/responses", """{"model":"gpt-z","input":"Hi"}""")]
    [InlineData("POST", "/openai/deployments/gpt-z/audio/speech?api-version=2025-01-01", "/openai/deployments/gpt-z/audio/speech", """{"input":"Hi"}""")]
    [InlineData("GET", "/openai/files?api-version=2024-10-21", "/openai/files", null)]
    [InlineData("POST", "/v1/messages/batches", "/v1/messages/batches", """{"requests":[]}""")]
    [InlineData("DELETE", "/v1/messages/batches/msgbatch_1", "/v1/messages/batches/msgbatch_1", null)]
    [InlineData("POST", "/v1//chat/completions", "/v1/chat/completions", Samples.Chat)]
    [InlineData("POST", "/chat/completions", "/v1/chat/completions", Samples.Chat)]
    public async Task Path_ReachesItsProvider(string method, string path, string upstream, string? body)
    {
        await using var gateway = await TestGateway.StartAsync();
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await gateway.SendAsync(new HttpMethod(method), path, content, CancellationToken.None);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var asked = Assert.Single(gateway.Provider.Requests);
        Assert.Equal(upstream, asked.Path);
        Assert.Equal(body ?? "", asked.Text);
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
        Assert.Equal(1, gateway.Limiter.Requests[0].Provider[0].Requests);
    }

    [Fact]
    public async Task File_GoesUpByteForByte()
    {
        await using var gateway = await TestGateway.StartAsync();
        var bytes = new byte[3 * 1024 * 1024];
        new Random(7).NextBytes(bytes);
        using var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");

        using var response = await gateway.SendAsync(HttpMethod.Post, "/v1/files", content, CancellationToken.None, ("anthropic-version", "2023-06-01"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(bytes, Assert.Single(gateway.Provider.Requests).Body);
    }

    [Fact]
    public async Task File_LargerThanItsBound_IsRefused()
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { MaxUploadBytes = 100_000 });
        using var content = new ByteArrayContent(new byte[100_001]);
        content.Headers.ContentType = new("application/octet-stream");

        using var response = await gateway.SendAsync(HttpMethod.Post, "/v1/files", content, CancellationToken.None, ("anthropic-version", "2023-06-01"));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Empty(gateway.Provider.Requests);
    }

    [Fact]
    public async Task File_OfAnUntoldLengthThatIsTooLarge_IsItsSendersFault()
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { MaxUploadBytes = 2_000_000 });
        using var content = new StreamContent(new Untold(3_000_000));
        content.Headers.ContentType = new("application/octet-stream");

        using var response = await gateway.SendAsync(HttpMethod.Post, "/v1/files", content, CancellationToken.None, ("anthropic-version", "2023-06-01"));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Empty(gateway.Limiter.Observations);
    }

    [Theory]
    [InlineData("/v1beta/models/nobody:generateContent", """{"error":{"code":404,""", "\"status\":\"NOT_FOUND\"")]
    [InlineData("/model/nobody/converse", """{"__type":"ResourceNotFoundException",""", "\"code\":\"model_not_found\"")]
    public async Task Refusal_IsInTheFormOfItsApi(string path, string start, string has)
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.PostAsync(path, "{}");

        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.StartsWith(start, text, StringComparison.Ordinal);
        Assert.Contains(has, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_ThatMakesText_PassesAndIsSettledByItsUsage()
    {
        const string stream = "data: {\"id\":\"cmpl_1\",\"choices\":[{\"text\":\"Hi\",\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7,\"total_tokens\":18}}\n\ndata: [DONE]\n\n";
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, stream, ("Content-Type", "text/event-stream"));

        using var response = await gateway.PostAsync("/v1/completions", """{"model":"gpt-x","prompt":"Hi","stream":true}""");

        Assert.Equal(stream, await response.Content.ReadAsStringAsync());
        Assert.Equal((11, 7), (gateway.Limiter.Settlements[0].Consumer.InputTokens, gateway.Limiter.Settlements[0].Consumer.OutputTokens));
    }

    [Fact]
    public async Task Completion_IsSettledByTheUsageThatItsAnswerTells()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, """{"id":"cmpl_1","usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}""");

        using var response = await gateway.PostAsync("/v1/completions", """{"model":"gpt-x","prompt":"Hi","max_tokens":50}""");

        var settled = Assert.Single(gateway.Limiter.Settlements).Consumer;
        Assert.Equal((1, 18, 11, 7), (settled.Requests, settled.Tokens, settled.InputTokens, settled.OutputTokens));
    }

    [Fact]
    public async Task StoredAnswer_ThatIsAskedForAgain_CountsAsARequestAlone()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, """{"id":"msgbatch_1","error":{"message":"it failed then"},"usage":{"input_tokens":11,"output_tokens":7}}""");

        using var response = await gateway.GetAsync("/v1/messages/batches/msgbatch_1");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var settled = Assert.Single(gateway.Limiter.Settlements).Consumer;
        Assert.Equal((1, 0), (settled.Requests, settled.Tokens));
    }

    [Theory]
    [InlineData("GET", "/v1/organization/projects", 404)]
    [InlineData("POST", "/v1/api_keys", 404)]
    [InlineData("GET", "/v1/files", 400)]
    [InlineData("POST", "/v1/moderations", 400)]
    [InlineData("GET", "/v1/responses/resp_1", 404)]
    public async Task Path_ThatNoOneAccountMayTake_IsAnsweredHere(string method, string path, int status)
    {
        await using var gateway = await TestGateway.StartAsync();
        using var content = method == "POST" ? new StringContent("{}", Encoding.UTF8, "application/json") : null;

        using var response = await gateway.SendAsync(new HttpMethod(method), path, content, CancellationToken.None);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Empty(gateway.Provider.Requests);
    }

    [Fact]
    public async Task Page_OfAnAllowedOrigin_MayCall()
    {
        await using var gateway = await TestGateway.StartAsync(provider => Samples.Keyed(provider) with { CorsOrigins = [Origin] });

        using var asked = await gateway.SendAsync(
            HttpMethod.Options, "/v1/chat/completions", null, CancellationToken.None,
            ("Origin", Origin), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,x-stainless-os"));
        using var called = await gateway.PostAsync(
            "/v1/chat/completions", Samples.Chat, ("Origin", Origin), ("Authorization", $"Bearer {Samples.AcmeKey}"));
        using var strange = await gateway.PostAsync(
            "/v1/chat/completions", Samples.Chat, ("Origin", "https://evil.example"), ("Authorization", $"Bearer {Samples.AcmeKey}"));

        Assert.Equal(HttpStatusCode.NoContent, asked.StatusCode);
        Assert.Equal(Origin, asked.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal("authorization,x-stainless-os", asked.Headers.GetValues("Access-Control-Allow-Headers").Single());
        Assert.Equal(Origin, called.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.False(strange.Headers.Contains("Access-Control-Allow-Origin"));
    }

    /// <summary>Zeros, as a body whose length its sender doesn't tell.</summary>
    private sealed class Untold(int length) : Stream
    {
        private int _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = Math.Min(count, _left);
            _left -= read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
