using System.Net;
using System.Net.Sockets;
using System.Text;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Http;

/// <summary>HTTP/2 without TLS, and HTTP/1.1, on one port of the real process.</summary>
public sealed class PlainHttp2Tests(SlowSetup setup) : IClassFixture<SlowSetup>
{
    private Uri Address => setup.Client.BaseAddress!;

    [Theory]
    [InlineData("openai")]
    [InlineData("azure")]
    [InlineData("anthropic")]
    public async Task Call_OverHttp2WithPriorKnowledge_IsAnsweredAsAnyOther(string dialect)
    {
        var call = DialectCall.Of(dialect);
        using var client = new HttpClient { BaseAddress = Address };
        using var request = Requests.Create(HttpMethod.Post, call.Path, call.Body(), ("x-api-key", Setup.AcmeKey));
        (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);

        using var response = await client.SendAsync(request);

        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version20), (response.StatusCode, response.Version));
        Assert.True(response.Headers.Contains("X-FuncLimiter-Deployment"));
    }

    [Theory]
    [InlineData("P", "OST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "HTTP/1.1 401 ")]
    [InlineData("PRI * HTTP/", "1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "HTTP/1.1 4")]
    [InlineData("G", "ET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 ")]
    public async Task Request_ThatBeginsLikeHttp2AndIsNot_IsServedAsHttp1(string first, string rest, string answer)
    {
        using var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync(Address.Host, Address.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(first));
        await Task.Delay(50);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(rest));

        using var reader = new StreamReader(stream, Encoding.ASCII);
        Assert.StartsWith(answer, await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }
}
