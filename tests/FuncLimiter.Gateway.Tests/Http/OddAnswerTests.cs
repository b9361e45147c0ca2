using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using FuncLimiter.Gateway.Tests.Hosting;
using Microsoft.AspNetCore.Http;

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

    [Fact]
    public async Task ResponseHeader_OfTheConnectionAlone_StaysHere()
    {
        using var provider = new RawProvider("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: X-Hop, close\r\nx-hop: 1\r\nx-other: 2\r\n"
            + $"Content-Length: {Samples.ChatAnswer.Length}\r\n\r\n{Samples.ChatAnswer}");
        await using var gateway = await TestGateway.StartAsync(_ => Samples.Open(provider.Address));

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.Chat);

        Assert.Equal((HttpStatusCode.OK, false, true), (response.StatusCode, response.Headers.Contains("x-hop"), response.Headers.Contains("x-other")));
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
        Assert.True(await gateway.Limiter.EverythingIsSettledOnceAsync(1));
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
    [InlineData("404 Not Found", "", 404, "answered 404 and did not say why")]
    [InlineData("404 Not Found", "<html><head><style>b{}</style></head><body><h1>No such &amp; thing</h1></body></html>", 404, "answered 404: No such & thing")]
    [InlineData("400 Bad Request", "upstream: bad header", 400, "answered 400: upstream: bad header")]
    [InlineData("500 Oops", "<!-- nginx --><script>var a='<b>';</script>", 500, "answered 500 and did not say why")]
    [InlineData("302 Found", "<a href='/login'>Sign in</a>", 502, "answered 302: Sign in")]
    [InlineData("307 Temporary Redirect", "{\"error\":{\"message\":\"moved\"}}", 502, "answered 307: moved")]
    [InlineData("699 What", "", 502, "answered 699 and did not say why")]
    [InlineData("200 OK", "", 502, "answered 200: The answer is not JSON.")]
    [InlineData("200 OK", "<html>Sign in</html>", 502, "The answer is not JSON.")]
    [InlineData("200 OK", "null", 502, "The answer is not JSON.")]
    [InlineData("200 OK", "[]", 502, "The answer is not JSON.")]
    [InlineData("200 OK", "[{\"error\":{\"message\":\"no such thing\",\"code\":500}}]", 502, "answered 200: no such thing")]
    [InlineData("200 OK", "{\"id\":\"x\",\"choices\":[", 502, "The answer is not JSON.")]
    public async Task AnswerThatIsNone_IsToldInTheCallersDialect(string status, string body, int expected, string words)
    {
        var answer = $"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nLocation: /login\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n{body}";
        using var provider = new RawProvider(answer);
        await using var gateway = await TestGateway.StartAsync(_ => Samples.Open(provider.Address), time: new HastyTime());

        foreach (var (path, sent) in ((string, string)[])[("/v1/chat/completions", Samples.Chat), ("/v1/messages", Samples.Message)])
        {
            using var response = await gateway.PostAsync(path, sent);
            var text = await response.Content.ReadAsStringAsync();

            Assert.True(expected == (int)response.StatusCode, $"{(int)response.StatusCode}: {text}");
            Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
            var message = JsonDocument.Parse(text).RootElement.GetProperty("error").GetProperty("message").GetString();
            Assert.Contains(words, message, StringComparison.Ordinal);
            Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
            Assert.Null(response.Headers.Location);
        }
    }

    [Theory]
    [InlineData("/v1/chat/completions", Samples.Chat, """{"error":{"message":"Overloaded","type":"server_error","code":"server_is_overloaded"}}""", 503)]
    [InlineData("/v1/messages", Samples.Message, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", 529)]
    public async Task FailureInsideA200_HasItsStatus_AndItsOwnBody(string path, string sent, string body, int status)
    {
        await using var gateway = await TestGateway.StartAsync(time: new HastyTime());
        gateway.Provider.AnswerWith(200, body);

        using var response = await gateway.PostAsync(path, sent);

        Assert.Equal((status, body), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain; charset=utf-8")]
    public async Task Stream_ThatIsNotSaidToBeOne_IsReadAsOne(string? type)
    {
        const string events = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n"
            + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,\"total_tokens\":9}}\n\ndata: [DONE]\n\n";
        await using var gateway = await TestGateway.StartAsync();
        gateway.Provider.Answer = async (context, _) =>
        {
            context.Response.ContentType = type!;
            await context.Response.WriteAsync(events);
        };

        using var response = await gateway.PostAsync("/v1/chat/completions", Samples.ChatStream);

        Assert.Equal(events, await response.Content.ReadAsStringAsync());
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(7, (await gateway.Usage.SingleAsync()).Usage?.InputTokens);
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
            catch (Exception end) when (end is SocketException or InvalidOperationException or IOException)
            {
                // The test is over.
            }
        }
    }
}
