using System.Net;
using System.Text.Json;
using FuncLimiter.Gateway.Admission;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Tests.Hosting;
using NSubstitute;

namespace FuncLimiter.Functions.Tests.Triggers;

/// <summary>What the functions add to the gateway's handlers.</summary>
public class HttpFunctionTests
{
    private const string Chat = """{"model":"gpt-x","messages":[{"role":"user","content":"hi"}]}""";

    [Theory]
    [InlineData("/v1/chat/completions", "server_error")]
    [InlineData("/v1/messages", "api_error")]
    public async Task FunctionThatFails_AnswersA500InTheCallersDialect(string path, string type)
    {
        await using var gateway = await TestGateway.StartAsync(realLimiter: _ => Broken());

        using var response = await gateway.PostAsync(path, Chat.Replace("\"messages\"", "\"max_tokens\":5,\"messages\"", StringComparison.Ordinal));

        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal(type, body.RootElement.GetProperty("error").GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("/operator/status", HttpStatusCode.OK)]
    [InlineData("/operator/health/live", HttpStatusCode.OK)]
    [InlineData("/operator/v1/chat/completions", HttpStatusCode.MethodNotAllowed)]
    [InlineData("/operator/nowhere", HttpStatusCode.NotFound)]
    [InlineData("/operator", HttpStatusCode.NotFound)]
    public async Task PathUnderOperator_IsServedAsTheGatewayMapsIt(string path, HttpStatusCode status)
    {
        await using var gateway = await TestGateway.StartAsync();

        using var response = await gateway.GetAsync(path);

        Assert.Equal(status, response.StatusCode);
    }

    [Theory]
    [InlineData("/status", HttpStatusCode.Unauthorized)]
    [InlineData("/dashboard/trends", HttpStatusCode.Unauthorized)]
    [InlineData("/operator/status", HttpStatusCode.OK)]
    [InlineData("/operator/dashboard/trends", HttpStatusCode.OK)]
    public async Task Stranger_IsNoOperator_ButUnderThePathWhoseFunctionKeyTheHostChecks(string path, HttpStatusCode status)
    {
        await using var gateway = await TestGateway.StartAsync(Samples.Keyed, new GatewayOptions { LocalIsOperator = false });

        using var response = await gateway.GetAsync(path);

        Assert.Equal(status, response.StatusCode);
    }

    private static ILimiter Broken()
    {
        var limiter = Substitute.For<ILimiter>();
        limiter.AdmitAsync(default!, default).ReturnsForAnyArgs<AdmissionResult>(_ => throw new InvalidOperationException("Broken."));
        return limiter;
    }
}
