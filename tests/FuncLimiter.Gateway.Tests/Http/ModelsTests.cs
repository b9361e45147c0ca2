using System.Net;
using System.Text.Json;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

public class ModelsTests
{
    [Fact]
    public async Task Models_ForAnOpenAIClient_AreInItsShape()
    {
        await using var gateway = await TestGateway.StartAsync();

        var list = await JsonAsync(gateway, "/v1/models");

        Assert.Equal("list", list.GetProperty("object").GetString());
        Assert.Equal(["gpt-x", "smart", "gpt-z", "claude-x"], Ids(list));
        Assert.All(list.GetProperty("data").EnumerateArray(), model => Assert.Equal("model", model.GetProperty("object").GetString()));
    }

    [Fact]
    public async Task Models_ForAnAnthropicClient_AreInItsShape()
    {
        await using var gateway = await TestGateway.StartAsync();

        var list = await JsonAsync(gateway, "/v1/models", ("anthropic-version", "2023-06-01"));

        Assert.Equal(["gpt-x", "smart", "gpt-z", "claude-x"], Ids(list));
        Assert.False(list.GetProperty("has_more").GetBoolean());
        Assert.Equal("gpt-x", list.GetProperty("data")[0].GetProperty("display_name").GetString());
        Assert.True(list.GetProperty("data")[0].GetProperty("created_at").TryGetDateTimeOffset(out _));
    }

    [Fact]
    public async Task Model_IsFoundByName()
    {
        await using var gateway = await TestGateway.StartAsync();

        using var unknown = await gateway.GetAsync("/v1/models/nobody");

        Assert.Equal("smart", (await JsonAsync(gateway, "/v1/models/smart")).GetProperty("id").GetString());
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Theory]
    [InlineData("/v1beta/models")]
    [InlineData("/v1beta/models?pageSize=50&key=sk-google")]
    [InlineData("/v1alpha/models/")]
    public async Task Models_ForAGoogleClient_AreTheRoutesThatSpeakItsApi_InItsShape(string path)
    {
        await using var gateway = await TestGateway.StartAsync(Google);

        var list = await JsonAsync(gateway, path);

        var model = Assert.Single(list.GetProperty("models").EnumerateArray());
        Assert.Equal(("models/fast", "fast"), (model.GetProperty("name").GetString(), model.GetProperty("displayName").GetString()));
        Assert.Contains("generateContent", model.GetProperty("supportedGenerationMethods").EnumerateArray().Select(method => method.GetString()));
        Assert.Empty(gateway.Provider.Requests);
    }

    [Fact]
    public async Task Model_OfAGoogleClient_IsARoute_AndNoOtherIsKnown()
    {
        await using var gateway = await TestGateway.StartAsync(Google);

        using var unknown = await gateway.GetAsync("/v1beta/models/gemini-of-the-provider");
        using var error = JsonDocument.Parse(await unknown.Content.ReadAsStringAsync());
        using var deleted = await gateway.SendAsync(HttpMethod.Delete, "/v1beta/models/fast", null, CancellationToken.None);

        Assert.Equal("models/fast", (await JsonAsync(gateway, "/v1beta/models/fast")).GetProperty("name").GetString());
        Assert.Equal((HttpStatusCode.NotFound, "NOT_FOUND"), (unknown.StatusCode, error.RootElement.GetProperty("error").GetProperty("status").GetString()));
        Assert.InRange((int)deleted.StatusCode, 404, 405);
        Assert.Empty(gateway.Provider.Requests);
    }

    // Each lists what its whole account has, which is no business of a tenant's.
    [Theory]
    [InlineData("/openai/models?api-version=2024-10-21", "gpt-x,smart,gpt-z,claude-x")]
    [InlineData("/v1beta/openai/models", "gpt-x,smart,gpt-z,claude-x")]
    public async Task Models_UnderAProvidersOwnPath_AreTheRoutesToo(string path, string names)
    {
        await using var gateway = await TestGateway.StartAsync();

        Assert.Equal(names.Split(','), Ids(await JsonAsync(gateway, path)));
        Assert.Empty(gateway.Provider.Requests);
    }

    [Theory]
    [InlineData("/foundation-models")]
    [InlineData("/inference-profiles")]
    [InlineData("/openai/deployments?api-version=2022-12-01")]
    public async Task Lists_OfWhatAnAccountHas_ArePassedToNoProvider(string path)
    {
        await using var gateway = await TestGateway.StartAsync();

        using var answer = await gateway.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Empty(gateway.Provider.Requests);
    }

    [Theory]
    [InlineData("/v1/models", "data", "id", "")]
    [InlineData("/v1beta/models", "models", "name", "models/")]
    public async Task Models_OfATenantWithAllowedOnes_AreThoseAlone(string path, string list, string name, string prefix)
    {
        await using var gateway = await TestGateway.StartAsync(address => Google(address) is var open ? open with
        {
            Routes = [.. open.Routes, new("other", ["google/m"], [])],
            Tenants = [Samples.Keyed(address).Tenants[0] with { Models = ["other"] }],
        } : open);

        var models = await JsonAsync(gateway, path, ("x-goog-api-key", Samples.AcmeKey));

        Assert.Equal([prefix + "other"], models.GetProperty(list).EnumerateArray().Select(model => model.GetProperty(name).GetString()));
    }

    private static GatewayConfiguration Google(Uri address) => new()
    {
        Accounts =
        [
            new("google", "gemini", null, address, "sk-1", [], [new ModelConfiguration("m", [], null)]),
            new("open", "openai", null, address, "sk-2", [], [new ModelConfiguration("gpt", [], null)]),
        ],
        Routes = [new("fast", ["google/m"], []), new("gpt", ["open/gpt"], [])],
    };

    [Fact]
    public async Task Models_NeedAKeyWhereTenantsHaveThem()
    {
        await using var gateway = await TestGateway.StartAsync(Samples.Keyed);

        using var without = await gateway.GetAsync("/v1/models");
        using var with = await gateway.GetAsync("/v1/models", ("Authorization", "bearer " + Samples.AcmeKey));

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (without.StatusCode, with.StatusCode));
    }

    private static IEnumerable<string?> Ids(JsonElement list) => list.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString());

    private static async Task<JsonElement> JsonAsync(TestGateway gateway, string path, params (string Name, string Value)[] headers)
    {
        using var response = await gateway.GetAsync(path, headers);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return body.RootElement.Clone();
    }
}
