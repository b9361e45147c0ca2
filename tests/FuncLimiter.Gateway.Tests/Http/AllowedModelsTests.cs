using System.Net;
using System.Text;
using System.Text.Json;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Gateway.Tests.Hosting;
using FuncLimiter.Providers;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>A tenant that may ask for some models only, on every way in.</summary>
public class AllowedModelsTests
{
    private static readonly (string, string) Key = ("x-api-key", Samples.AcmeKey);

    [Theory]
    [InlineData("/v1/chat/completions", """{"model":"smart","messages":[{"role":"user","content":"Hi"}]}""", "$.error.code")]
    [InlineData("/v1/messages", """{"model":"smart","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}""", "$.type")]
    [InlineData("/v1/messages/count_tokens", """{"model":"smart","messages":[{"role":"user","content":"Hi"}]}""", "$.type")]
    [InlineData("/openai/deployments/gpt-z/chat/completions?api-version=2024-10-21", """{"messages":[{"role":"user","content":"Hi"}]}""", "$.error.code")]
    [InlineData("/openai/deployments/gpt-z/audio/speech?api-version=2025-01-01", """{"input":"Hi"}""", "$.error.code")]
    [InlineData("/v1/images/generations", """{"prompt":"a house","model":"smart"}""", "$.error.code")]
    [InlineData("/v1beta/models/smart:generateContent", """{"contents":[{"parts":[{"text":"Hi"}]}]}""", "$.error")]
    [InlineData("/model/smart/converse", """{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}""", "$")]
    [InlineData("/v1/messages/batches", """{"requests":[{"custom_id":"a","params":{"model":"smart","max_tokens":5,"messages":[]}}]}""", "$")]
    [InlineData("/reservations", """{"model":"smart","inputTokens":5,"outputTokens":5}""", "$.error.code")]
    [InlineData("/preflight", """{"steps":[{"model":"smart","inputTokens":5,"outputTokens":5}]}""", "$.error.code")]
    public async Task Call_ForAnotherModel_IsForbidden_AndNamesWhatTheTenantMayUse(string path, string body, string shape)
    {
        await using var gateway = await TestGateway.StartAsync(Bound);

        using var response = await gateway.PostAsync(path, body, Key);

        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Contains("You may use gpt-x, claude-x.", text, StringComparison.Ordinal);
        Assert.Contains(path.Contains("gpt-z", StringComparison.Ordinal) ? "gpt-z" : "smart", text, StringComparison.Ordinal);
        Assert.NotEqual(JsonValueKind.Undefined, shape.Split('.')[1..].Aggregate(JsonDocument.Parse(text).RootElement, (at, name) => at.GetProperty(name)).ValueKind);
        Assert.Empty(gateway.Provider.Requests);
        Assert.Empty(gateway.Limiter.Requests);
    }

    [Theory]
    [InlineData("/v1/chat/completions", Samples.Chat)]
    [InlineData("/v1/messages", Samples.Message)]
    [InlineData("/v1/images/generations", """{"prompt":"a house","model":"gpt-x"}""")]
    [InlineData("/v1/messages/batches", """{"requests":[{"custom_id":"a","params":{"model":"claude-x","max_tokens":5,"messages":[]}}]}""")]
    public async Task Call_ForAModelOfItsOwn_IsServed(string path, string body)
    {
        await using var gateway = await TestGateway.StartAsync(Bound);
        gateway.Provider.AnswerWith(200, path == "/v1/messages" ? Samples.MessageAnswer : Samples.ChatAnswer);

        using var response = await gateway.PostAsync(path, body, Key);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task OtherTenant_MayAskForEverything()
    {
        await using var gateway = await TestGateway.StartAsync(Bound);
        gateway.Provider.AnswerWith(200, Samples.ChatAnswer);

        using var response = await gateway.PostAsync(
            "/v1/chat/completions", """{"model":"smart","messages":[{"role":"user","content":"Hi"}]}""", ("x-api-key", "fl-globex-key"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task List_IsOfWhatTheTenantMayUse()
    {
        await using var gateway = await TestGateway.StartAsync(Bound);

        using var mine = await gateway.GetAsync("/v1/models", Key);
        using var everybodys = await gateway.GetAsync("/v1/models", ("x-api-key", "fl-globex-key"));
        using var forbidden = await gateway.GetAsync("/v1/models/smart", Key);

        Assert.Equal(["gpt-x", "claude-x"], await IdsAsync(mine));
        Assert.Equal(["gpt-x", "smart", "gpt-z", "claude-x"], await IdsAsync(everybodys));
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
    }

    [Theory]
    [InlineData("POST", false, HttpStatusCode.Forbidden)]
    [InlineData("POST", true, HttpStatusCode.OK)]
    [InlineData("DELETE", false, HttpStatusCode.OK)]
    public async Task Request_ThatNamesNoModel_IsForThoseWhoMayUseThePath(string method, bool isPathAllowed, HttpStatusCode expected)
    {
        await using var gateway = await TestGateway.StartAsync(address => Bound(address, isPathAllowed ? ["/v1/messages/*"] : null));
        using var content = method == "POST" ? new StringContent("""{"requests":[]}""", Encoding.UTF8, "application/json") : null;

        using var response = await gateway.SendAsync(
            new HttpMethod(method), method == "POST" ? "/v1/messages/batches" : "/v1/messages/batches/msgbatch_1", content, CancellationToken.None, Key);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK ? 1 : 0, gateway.Provider.Requests.Count);
    }

    [Theory]
    [InlineData("smart", "model_not_allowed")]
    [InlineData("gpt-x", null)]
    public void CallOfAJob_IsBoundAlike(string model, string? code)
    {
        var reader = new JobCallReader(new RouteTable(Bound(new Uri("http://127.0.0.1:9")), ProviderCatalog.Get));
        var call = new JobCall("/v1/chat/completions", Encoding.UTF8.GetBytes(Samples.Chat.Replace("gpt-x", model, StringComparison.Ordinal)), Core.Scheduling.Priority.Standard);

        reader.TryRead(call, "acme", out _, out var error);

        Assert.Equal(code, error?.Code);
    }

    private static GatewayConfiguration Bound(Uri provider) => Bound(provider, null);

    private static GatewayConfiguration Bound(Uri provider, IReadOnlyList<string>? paths)
    {
        var configuration = Samples.Keyed(provider);
        var acme = configuration.Tenants[0] with
        {
            Models = ["claude-x", "gpt-x"],
            Allow = paths is null ? null : new TenantAllowance([], [], []) { Paths = paths },
        };
        return configuration with { Tenants = [acme, configuration.Tenants[1]] };
    }

    private static async Task<IEnumerable<string?>> IdsAsync(HttpResponseMessage list)
    {
        using var body = JsonDocument.Parse(await list.Content.ReadAsStringAsync());
        return [.. body.RootElement.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString())];
    }
}
