using System.Net;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>A batch of Anthropic's names its models call by call: they choose its account.</summary>
public class BatchedModelsTests
{
    [Fact]
    public async Task Batch_GoesToTheAccountThatHasAllItsModels_UnderTheirNamesThere()
    {
        await using var gateway = await TestGateway.StartAsync(TwoAccounts);
        gateway.Provider.AnswerWith(200, """{"id":"msgbatch_1","type":"message_batch","processing_status":"in_progress"}""");

        using var response = await PostAsync(gateway, Batch("fast", "smart", "fast"));

        var asked = Assert.Single(gateway.Provider.Requests);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("key-2", asked.Headers["x-api-key"]);
        Assert.Equal(Batch("claude-y", "claude-z", "claude-y"), asked.Text);
    }

    [Fact]
    public async Task Batch_OfAModelThatOneAccountHas_IsPassedByteForByte()
    {
        await using var gateway = await TestGateway.StartAsync(TwoAccounts);
        gateway.Provider.AnswerWith(200, """{"id":"msgbatch_1"}""");

        using var response = await PostAsync(gateway, Batch("claude-x"));

        Assert.Equal("key-1", gateway.Provider.Requests.Single().Headers["x-api-key"]);
        Assert.Equal(Batch("claude-x"), gateway.Provider.Requests.Single().Text);
    }

    [Theory]
    [InlineData("smart", "claude-x", HttpStatusCode.BadRequest, "A batch goes to one account")]
    [InlineData("smart", "nobody", HttpStatusCode.NotFound, "nobody")]
    public async Task Batch_ThatNoAccountCanTake_IsRefused_AndSaysWhy(string one, string other, HttpStatusCode expected, string says)
    {
        await using var gateway = await TestGateway.StartAsync(TwoAccounts);

        using var response = await PostAsync(gateway, Batch(one, other));

        Assert.Equal(expected, response.StatusCode);
        Assert.Contains(says, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(gateway.Provider.Requests);
        Assert.Empty(gateway.Limiter.Requests);
    }

    private static Task<HttpResponseMessage> PostAsync(TestGateway gateway, string batch) =>
        gateway.PostAsync("/v1/messages/batches", batch, ("x-api-key", Samples.AcmeKey), ("anthropic-version", "2023-06-01"));

    private static string Batch(params string[] models)
    {
        var calls = models.Select((model, place) =>
            """{"custom_id":"PLACE","params":{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"the \"model\""}]}],"model":"MODEL"}}"""
                .Replace("PLACE", $"c{place}", StringComparison.Ordinal).Replace("MODEL", model, StringComparison.Ordinal));
        return """{"note":{"params":{"model":"none"}},"requests":[""" + string.Join(',', calls) + "]}";
    }

    private static GatewayConfiguration TwoAccounts(Uri address) => Samples.Keyed(address) with
    {
        Accounts =
        [
            new("anthropic-1", "anthropic", null, address, "key-1", [], [new ModelConfiguration("claude-x", [], null)]),
            new("anthropic-2", "anthropic", null, address, "key-2", [], [new ModelConfiguration("claude-y", [], null), new ModelConfiguration("claude-z", [], null)]),
        ],
        Routes = [new("claude-x", ["anthropic-1/claude-x"], []), new("fast", ["anthropic-2/claude-y"], []), new("smart", ["anthropic-2/claude-z"], [])],
    };
}
