using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
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
    [InlineData("/operator", HttpStatusCode.OK)]
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

    [Theory]
    [InlineData("/operator/usage?code=abc", HttpStatusCode.OK)]
    [InlineData("/operator/usage?code=abc&by=tenant", HttpStatusCode.OK)]
    [InlineData("/operator/usage?by=tenant&Code=abc%3D%3D", HttpStatusCode.OK)]
    [InlineData("/operator/usage?codes=abc", HttpStatusCode.BadRequest)]
    [InlineData("/operator/status?code=abc", HttpStatusCode.OK)]
    [InlineData("/operator/dashboard?code=abc", HttpStatusCode.OK)]
    [InlineData("/operator/dashboard/trends?code=abc&budget=account:one", HttpStatusCode.OK)]
    [InlineData("/operator/admin/audit?code=abc", HttpStatusCode.OK)]
    public async Task FunctionKeyInTheAddress_IsTheHosts(string path, HttpStatusCode status)
    {
        await using var gateway = await TestGateway.StartAsync(Samples.Keyed, new GatewayOptions { LocalIsOperator = false });

        using var response = await gateway.GetAsync(path);

        Assert.Equal(status, response.StatusCode);
    }

    /// <summary>The files are anybody's; what the page reads and sends lies where the page does, and carries the key that the page came with.</summary>
    [Fact]
    public async Task DashboardUnderOperator_ReadsAndSendsUnderOperator()
    {
        await using var gateway = await TestGateway.StartAsync(Samples.Keyed, new GatewayOptions { LocalIsOperator = false });
        using var answer = await gateway.GetAsync("/operator/dashboard?code=abc");
        var page = await answer.Content.ReadAsStringAsync();
        var files = Regex.Matches(page, "(?:href|src)=\"(/[^\"]*)\"").Select(match => match.Groups[1].Value).ToHashSet();
        files.UnionWith(((string[])["stream", "actions", "budgets"]).Select(name => $"/dashboard/{name}.js"));

        Assert.True(files.Count > 5);
        foreach (var file in files)
        {
            using var response = await gateway.GetAsync(file);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var fetches = Regex.Matches(await response.Content.ReadAsStringAsync(), @"\bfetch\(([^,)]*)").Select(match => match.Groups[1].Value);
            Assert.All(fetches, address => Assert.Matches(@"^(`\$\{base\}/|base \+ )", address));
        }
    }

    private static ILimiter Broken()
    {
        var limiter = Substitute.For<ILimiter>();
        limiter.AdmitAsync(default!, default).ReturnsForAnyArgs<AdmissionResult>(_ => throw new InvalidOperationException("Broken."));
        return limiter;
    }
}
