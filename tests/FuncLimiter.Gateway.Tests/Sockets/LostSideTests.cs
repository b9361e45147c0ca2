using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Sockets;

/// <summary>Sides of a WebSocket that vanish without a close or a reset, and those that are only slow.</summary>
public sealed class LostSideTests : SocketSuite
{
    // No end, no reset: nothing is heard of it any more.
    [Fact]
    public async Task Caller_WhoVanishesWithoutAWord_GivesItsPlaceBack()
    {
        await using var gateway = await TestGateway.StartAsync(OnePlace, Hasty(), realLimiter: Real, takesSockets: true);
        var ended = new TaskCompletionSource<WebSocketCloseStatus?>();
        gateway.Provider.Answer = async (context, _) =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await HearAsync(socket);
            ended.TrySetResult(socket.CloseStatus);
        };
        using var vanished = await HandshakeAsync(gateway.Client.BaseAddress!);

        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await ended.Task.WaitAsync(Enough.Token));
        using var next = await ConnectAsync(gateway, "/v1/realtime?model=voice");
        Assert.Equal(WebSocketState.Open, next.State);
    }

    [Fact]
    public async Task Provider_WhoVanishesWithoutAWord_IsTold_AndTheCallersPlaceIsGivenBack()
    {
        // Who reads nothing answers no ping.
        var over = new TaskCompletionSource();
        await using var gateway = await TestGateway.StartAsync(OnePlace, Hasty(), realLimiter: Real, takesSockets: true);
        gateway.Provider.Answer = async (context, _) =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await over.Task.WaitAsync(Enough.Token);
        };

        using var first = await ConnectAsync(gateway, "/v1/realtime?model=voice");
        Assert.Null(await HearAsync(first));
        Assert.Equal(WebSocketCloseStatus.InternalServerError, first.CloseStatus);
        using var next = await ConnectAsync(gateway, "/v1/realtime?model=voice");

        Assert.Equal(WebSocketState.Open, next.State);
        over.SetResult();
    }

    // What is said behind a call that waits is not read before it leaves, and neither are the answers to pings: it is there all the same.
    [Fact]
    public async Task Caller_WhoseCallWaits_AndWhoGoesOnSpeaking_IsNotTakenForLost()
    {
        await using var gateway = await TestGateway.StartAsync(
            address => Limited(address, new Limit(Dimension.Requests, 60, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket) { BurstSeconds = 2 }),
            Hasty(1.5), realLimiter: Real, takesSockets: true);
        var heard = Answering(gateway, """{"type":"response.done","event_id":"e2","response":{"id":"resp_1","usage":USAGE}}""");
        using var socket = await ConnectAsync(gateway, "/v1/realtime?model=voice");

        for (var turn = 0; turn < 8; turn++)
        {
            await SendAsync(socket, """{"type":"response.create"}""");
            await SendAsync(socket, $$"""{"type":"input_audio_buffer.append","audio":"{{new string('A', 8_000)}}"}""");
        }

        Assert.Equal(16, (await ReceiveAsync(socket, 16)).Length);
        await CloseAsync(socket);
        Assert.Equal(16, heard.Count);
    }

    private static GatewayOptions Hasty(double seconds = 0.4) => new() { SocketKeepAlive = TimeSpan.FromSeconds(seconds) };

    private static GatewayConfiguration OnePlace(Uri address) => Limited(address, new Limit(Dimension.Concurrent, 1, TimeSpan.Zero, LimitAlgorithm.Concurrency));

    /// <summary>A caller on the bare connection, who has a WebSocket and says nothing any more.</summary>
    private async Task<TcpClient> HandshakeAsync(Uri gateway)
    {
        var client = new TcpClient();
        await client.ConnectAsync(gateway.Host, gateway.Port, Enough.Token);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"GET /v1/realtime?model=voice HTTP/1.1\r\nHost: {gateway.Authority}\r\nAuthorization: Bearer {Samples.AcmeKey}\r\nConnection: Upgrade\r\n"
            + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n"), Enough.Token);
        Assert.StartsWith("HTTP/1.1 101", await HeadAsync(client), StringComparison.Ordinal);
        return client;
    }

    private async Task<string> HeadAsync(TcpClient client)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await client.GetStream().ReadAsync(one, Enough.Token) == 1)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
