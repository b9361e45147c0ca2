using System.Net;
using System.Text;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

public class PassThroughTests
{
    [Theory]
    [InlineData("/v1/chat/completions", "/v1/chat/completions", Samples.Chat)]
    [InlineData("/v1/responses", "/v1/responses", """{"model":"gpt-x","input":"Hi"}""")]
    [InlineData("/v1/embeddings", "/v1/embeddings", """{"model":"gpt-x","input":["Hi","there"]}""")]
    [InlineData("/v1/messages", "/v1/messages", Samples.Message)]
    [InlineData("/v1/messages/count_tokens", "/v1/messages/count_tokens", """{"model":"claude-x","messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("/openai/deployments/gpt-z/chat/completions?api-version=2025-01-01-preview", "/openai/deployments/gpt-z/chat/completions", """{"messages":[{"role":"user","content":"Hi"}]}""")]
    public async Task DropInPath_ReachesTheSamePathAtItsProvider(string path, string upstream, string body)
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.PostAsync(path, body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var asked = Assert.Single(gateway.Provider.Requests);
        Assert.Equal(upstream, asked.Path);
        Assert.Equal(body, asked.Text);
    }

    [Fact]
    public async Task Body_WithUnknownFieldsAndOddSpacing_ArrivesByteForByte()
    {
        const string body = "{ \"temperature\" :0.70,\t\"x_unknown\":{\"a\":[1,2.50,\"\\u00e9\"]},\n\"model\":\"gpt-x\" , \"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,iVBORw0KGgo=\"}}]}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{}}}] }";
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.PostAsync("/v1/chat/completions", body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Encoding.UTF8.GetBytes(body), gateway.Provider.Requests[0].Body);
    }

    [Fact]
    public async Task Body_ForAnotherModel_DiffersInThatNameAlone()
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat.Replace("gpt-x", "smart", StringComparison.Ordinal));

        Assert.Equal(Samples.Chat, gateway.Provider.Requests[0].Text);
        Assert.Equal("openai-1/gpt-x", response.Headers.GetValues("X-FuncLimiter-Deployment").Single());
    }

    [Fact]
    public async Task Answer_PassesWithItsStatusHeadersAndBytes()
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer, ("x-request-id", "req_42"), ("openai-processing-ms", "12"), ("Set-Cookie", "a=b"),
            ("X-FuncLimiter-Cost-Usd", "9999"), ("x-funclimiter-anything", "1"), ("Access-Control-Allow-Origin", "*"), ("Clear-Site-Data", "\"*\""),
            ("Report-To", "{}"));

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(Samples.ChatAnswer, await response.Content.ReadAsStringAsync());
        Assert.Equal("req_42", response.Headers.GetValues("x-request-id").Single());
        Assert.Equal("12", response.Headers.GetValues("openai-processing-ms").Single());
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        foreach (var kept in new[] { "Set-Cookie", "x-funclimiter-anything", "Access-Control-Allow-Origin", "Clear-Site-Data", "Report-To" })
        {
            Assert.False(response.Headers.Contains(kept), kept);
        }

        Assert.False(response.Headers.TryGetValues("X-FuncLimiter-Cost-Usd", out var told) && told.Contains("9999"));
    }

    [Fact]
    public async Task Answer_LargerThanIsRead_PassesWholeAndCountsAsEstimated()
    {
        await using var gateway = await TestGateway.StartAsync(options: new() { MaxReadAnswerBytes = 1_000 });
        var answer = "{\"data\":\"" + new string('x', 300_000) + "\",\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7}}";
        gateway.Provider.AnswerWith(200, answer);

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(answer, await response.Content.ReadAsStringAsync());
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
        Assert.Equal(gateway.Limiter.Requests[0].Consumer with { Concurrent = 0 }, gateway.Limiter.Settlements[0].Consumer);
    }

    [Fact]
    public async Task RequestHeaders_PassOn_ButCredentialsAndOwnOnesStay()
    {
        await using var gateway = await TestGateway.StartAsync(Samples.Keyed);

        using var response = await gateway.PostAsync(
            "/v1/messages", Samples.Message,
            ("x-api-key", Samples.AcmeKey), ("anthropic-beta", "tools-2"), ("traceparent", "00-1-2-01"), ("User-Agent", "agent/1"),
            ("Cookie", "session=1"), ("OpenAI-Organization", "org-1"), ("X-User", "ann"), ("X-Workflow", "w"), ("X-Priority", "interactive"),
            ("Prefer", "wait=5"), ("X-Forwarded-For", "10.0.0.1"), ("Fly-Client-IP", "10.0.0.1"), ("X-Forwarded-Prefix", "/llm"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var headers = gateway.Provider.Requests[0].Headers;
        Assert.Equal(Samples.AccountKey, headers["x-api-key"]);
        Assert.Equal("tools-2", headers["anthropic-beta"]);
        Assert.Equal("00-1-2-01", headers["traceparent"]);
        Assert.Equal("agent/1", headers["User-Agent"]);
        Assert.Equal("2023-06-01", headers["anthropic-version"]);
        Assert.DoesNotContain(headers, header => header.Value.Contains(Samples.AcmeKey, StringComparison.Ordinal));
        foreach (var kept in new[] { "Cookie", "OpenAI-Organization", "X-User", "X-Workflow", "X-Priority", "Prefer", "X-Forwarded-For", "Fly-Client-IP", "X-Forwarded-Prefix", "Authorization" })
        {
            Assert.False(headers.ContainsKey(kept), kept);
        }
    }

    [Fact]
    public async Task IdempotencyKey_IsPassedOnPerTenant()
    {
        await using var gateway = await TestGateway.StartAsync(Samples.Keyed);

        using var first = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("Authorization", "Bearer " + Samples.AcmeKey), ("Idempotency-Key", "k1"));
        using var second = await gateway.PostAsync("/v1/chat/completions", Samples.Chat, ("Authorization", "Bearer fl-globex-key"), ("Idempotency-Key", "k1"));

        var keys = gateway.Provider.Requests.Select(request => request.Headers["Idempotency-Key"]).ToList();
        Assert.NotEqual(keys[0], keys[1]);
        Assert.DoesNotContain("k1", keys);
    }
}
