using System.Net;
using System.Net.Sockets;
using System.Text;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Http;

/// <summary>Whatever a provider answers is passed on, or told in the caller's dialect; no failure has an empty body.</summary>
public class OddAnswerTests
{
    [Theory]
    [InlineData("X-Name: M\u00fcller", "X-Name", "M%FCller")]
    [InlineData("X-Name: a\u0001b", "X-Name", "a%01b")]
    [InlineData("X-Name: \u00c3\u00bc\u007f", "X-Name", "%C3%BC%7F")]
    public async Task ResponseHeader_ThatIsNoAscii_IsPassedOnEncoded(string line, string name, string value)
    {
        using var provider = new RawProvider($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{line}\r\nContent-Length: {Samples.ChatAnswer.Length}\r\n\r\n{Samples.ChatAnswer}");
        await using var gateway = await TestGateway.StartAsync(_ => Samples.Open(provider.Address));

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Samples.ChatAnswer, await response.Content.ReadAsStringAsync());
        Assert.Equal(value, response.Headers.GetValues(name).Single());
    }

    [Theory]
    [InlineData("204 No Content", 204)]
    [InlineData("205 Reset Content", 205)]
    [InlineData("304 Not Modified", 304)]
    public async Task AnswerWithoutABody_IsPassedOn(string status, int expected)
    {
        using var provider = new RawProvider($"HTTP/1.1 {status}\r\nContent-Length: 0\r\nx-request-id: req_1\r\n\r\n");
        await using var gateway = await TestGateway.StartAsync(_ => Samples.Open(provider.Address));

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(expected, (int)response.StatusCode);
        Assert.Equal("req_1", response.Headers.GetValues("x-request-id").Single());
        Assert.True(gateway.Limiter.EverythingSettledOnce(1));
    }

    [Theory]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")]
    [InlineData("HTTP/1.1 2000 What\r\n\r\n")]
    [InlineData("no HTTP at all\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}")]
    public async Task WhatIsNoAnswer_IsTold(string answer)
    {
        using var provider = new RawProvider(answer);
        await using var gateway = await TestGateway.StartAsync(_ => Samples.Open(provider.Address), time: new HastyTime());

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains("upstream_", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-5")]
    [InlineData("soon")]
    [InlineData("")]
    [InlineData("1e9")]
    [InlineData("5, 7")]
    public async Task RetryAfter_ThatNobodyCanRead_IsNotPassedOn(string value)
    {
        await using var gateway = await TestGateway.StartAsync(time: new HastyTime());
        gateway.Provider.AnswerWith(429, "{\"error\":{\"message\":\"Slow.\"}}", ("Retry-After", value), ("x-should-retry", "false"));

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.False(response.Headers.NonValidated.Contains("Retry-After"));
    }

    [Theory]
    [InlineData("6, 6", "6")]
    [InlineData("1m30s", "90")]
    public async Task RetryAfter_InAFormThatClientsCannotRead_IsToldInSeconds(string value, string told)
    {
        await using var gateway = await TestGateway.StartAsync(time: new HastyTime());
        gateway.Provider.AnswerWith(429, "{\"error\":{\"message\":\"Slow.\"}}", ("Retry-After", value), ("x-should-retry", "false"));

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal(told, response.Headers.NonValidated["Retry-After"].ToString());
    }

    [Theory]
    [InlineData("/v1/chat/completions", Samples.Chat, "internal_error")]
    [InlineData("/v1/messages", Samples.Message, "api_error")]
    [InlineData("/reservations", """{"model":"gpt-x","inputTokens":1}""", "internal_error")]
    public async Task FailureOfOurs_HasABodyInTheCallersDialect(string path, string body, string word)
    {
        await using var gateway = await TestGateway.StartAsync();
        gateway.Limiter.Decide = _ => throw new InvalidOperationException("A fault of ours.");

        using var response = await gateway.PostAsync(path, body);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains(word, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>Answers every request with the same bytes, and hangs up.</summary>
    private sealed class RawProvider : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly byte[] _answer;

        public RawProvider(string answer)
        {
            _answer = Encoding.Latin1.GetBytes(answer);
            _listener.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
            _ = ServeAsync();
        }

        public Uri Address { get; }

        public void Dispose() => _listener.Dispose();

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await _listener.AcceptTcpClientAsync();
                    var stream = client.GetStream();
                    var buffer = new byte[64 * 1024];
                    var read = 0;
                    while (!Encoding.Latin1.GetString(buffer, 0, read).Contains('}'))
                    {
                        read += await stream.ReadAsync(buffer.AsMemory(read));
                    }

                    await stream.WriteAsync(_answer);
                    client.Client.Shutdown(SocketShutdown.Send);
                    await Task.Delay(50);
                }
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException or IOException)
            {
                // The test is over.
            }
        }
    }
}
