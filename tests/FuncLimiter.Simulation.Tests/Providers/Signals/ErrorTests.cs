using System.Text;
using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Tests.Providers.Signals;

public class ErrorTests
{
    private static readonly DeploymentOptions[] All =
    [
        new("sk-a", "gpt-x"),
        new("sk-a", "gpt-x") { Dialect = ProviderDialect.Azure, Name = "azure" },
        new("sk-a", "claude-x") { Dialect = ProviderDialect.Anthropic },
    ];

    [Fact]
    public async Task WrongKey_Is401InEachDialect()
    {
        await using var client = await DoubleClient.StartAsync(All);

        var openai = await client.ChatAsync(key: "sk-b");
        var azure = await client.SendAsync("/openai/deployments/gpt-x/chat/completions?api-version=1", "{}", ("api-key", "no"));
        var anthropic = await client.SendAsync("/v1/messages", "{}", ("x-api-key", "no"));
        var none = await client.SendAsync("/v1/chat/completions", "{}");

        Assert.Equal((401, "invalid_api_key"), (openai.Code, openai.Json["error"]!["code"]!.GetValue<string>()));
        Assert.Equal((401, "401"), (azure.Code, azure.Json["error"]!["code"]!.GetValue<string>()));
        Assert.Equal((401, "authentication_error"), (anthropic.Code, anthropic.Json["error"]!["type"]!.GetValue<string>()));
        Assert.Equal("error", anthropic.Json["type"]!.GetValue<string>());
        Assert.Equal(401, none.Code);
        Assert.Equal(4, client.Provider.Report().Unauthorized);
    }

    [Fact]
    public async Task UnknownModel_Is404InEachDialect()
    {
        await using var client = await DoubleClient.StartAsync(All);

        var openai = await client.ChatAsync(model: "gpt-z");
        var azure = await client.AzureAsync(deployment: "gpt-z");
        var anthropic = await client.RawMessagesAsync("""{"model":"claude-z","max_tokens":1,"messages":[]}""");

        Assert.Equal((404, "model_not_found"), (openai.Code, openai.Json["error"]!["code"]!.GetValue<string>()));
        Assert.Equal((404, "DeploymentNotFound"), (azure.Code, azure.Json["error"]!["code"]!.GetValue<string>()));
        Assert.Equal((404, "not_found_error"), (anthropic.Code, anthropic.Json["error"]!["type"]!.GetValue<string>()));
        Assert.Equal(3, client.Provider.Report().Invalid);
    }

    [Theory]
    [InlineData("""{"model":"gpt-x","messages":[""", null)]
    [InlineData("""{"model":"gpt-x","messages":[]} x""", null)]
    [InlineData("""[]""", null)]
    [InlineData("", null)]
    [InlineData("""{"messages":[]}""", "model")]
    [InlineData("""{"model":"gpt-x"}""", "messages")]
    [InlineData("""{"model":"gpt-x","messages":[],"max_tokens":0}""", "max_tokens")]
    [InlineData("""{"model":"gpt-x","messages":[],"max_tokens":-5}""", "max_tokens")]
    [InlineData("""{"model":"gpt-x","messages":[],"n":0}""", "n")]
    public async Task BadBody_Is400AndNamesTheField(string body, string? parameter)
    {
        await using var client = await DoubleClient.StartAsync(All);

        var answer = await client.SendAsync("/v1/chat/completions", body, ("Authorization", "Bearer sk-a"));

        Assert.Equal(400, answer.Code);
        Assert.Equal("invalid_request_error", answer.Json["error"]!["type"]!.GetValue<string>());
        Assert.Equal(parameter, answer.Json["error"]!["param"]?.GetValue<string>());
        Assert.Equal(0, client.Provider.Report().Calls);
    }

    [Theory]
    [InlineData("""{"model":"claude-x","messages":[]}""", "max_tokens: Field required")]
    [InlineData("""{"max_tokens":1,"messages":[]}""", "model: Field required")]
    [InlineData("""{"model":"claude-x","max_tokens":0,"messages":[]}""", "max_tokens: must be greater than or equal to 1")]
    [InlineData("""{"model":""", "The request body is not valid JSON.")]
    public async Task BadMessagesBody_Is400InAnthropicsShape(string body, string message)
    {
        await using var client = await DoubleClient.StartAsync(All);

        var answer = await client.RawMessagesAsync(body);

        Assert.Equal((400, message), (answer.Code, answer.Message));
        Assert.StartsWith("req_", answer.Json["request_id"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_WithoutVersion_Are400()
    {
        await using var client = await DoubleClient.StartAsync(All);

        var answer = await client.SendAsync("/v1/messages", """{"model":"claude-x","max_tokens":1,"messages":[]}""", ("x-api-key", "sk-a"));

        Assert.Equal((400, "anthropic-version: header is required"), (answer.Code, answer.Message));
    }

    [Fact]
    public async Task Body_LargerThanAllowed_Is413()
    {
        await using var client = await DoubleClient.StartAsync(new ProviderDoubleOptions { Deployments = All, MaxBodyBytes = 1000 });

        var told = await client.ChatAsync(text: new string('a', 1000));
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/v1/messages")
        {
            Content = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(new string(' ', 1001)))),
        };
        chunked.Headers.TransferEncodingChunked = true;
        chunked.Headers.Add("x-api-key", "sk-a");
        using var answer = await client.Http.SendAsync(chunked);

        Assert.Equal(413, told.Code);
        Assert.Equal(413, (int)answer.StatusCode);
        Assert.Contains("request_too_large", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/nothing")]
    [InlineData("/openai/deployments/gpt-x/images?api-version=1")]
    public async Task UnknownPath_Is404(string path)
    {
        await using var client = await DoubleClient.StartAsync(All);

        Assert.Equal(404, (await client.SendAsync(path, "{}", ("Authorization", "Bearer sk-a"))).Code);
    }

    [Theory]
    [InlineData("/v1/messages/batches", "{}")]
    [InlineData("/v1/messages/batches", "no JSON")]
    [InlineData("/v1/batches", "[]")]
    public async Task MalformedBatch_Is400(string path, string body)
    {
        await using var client = await DoubleClient.StartAsync(All);

        Assert.Equal(400, (await client.SendAsync(path, body, ("Authorization", "Bearer sk-a"), ("x-api-key", "sk-a"))).Code);
    }
}
