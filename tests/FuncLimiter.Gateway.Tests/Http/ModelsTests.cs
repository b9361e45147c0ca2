using System.Net;
using System.Text.Json;
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
