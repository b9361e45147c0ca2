using System.Net;
using System.Net.WebSockets;
using System.Text;
using FuncLimiter.Server.Tests.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace FuncLimiter.Server.Tests.Http;

/// <summary>WebSockets through the built server.</summary>
public sealed class SocketProcessTests : IDisposable
{
    private readonly CancellationTokenSource _enough = new(TimeSpan.FromSeconds(120));

    [Fact]
    public async Task Server_AskedToStop_LetsTheAnswerUnderWayEnd_AndClosesBothSides()
    {
        var goOn = new TaskCompletionSource();
        var ended = new TaskCompletionSource<WebSocketCloseStatus?>();
        await using var provider = await StartAsync(async socket =>
        {
            await HearAsync(socket);
            await SendAsync(socket, """{"type":"response.created","response":{"id":"resp_1"}}""");
            await goOn.Task.WaitAsync(_enough.Token);
            await SendAsync(socket, """{"type":"response.done","response":{"id":"resp_1","usage":{"input_tokens":3,"output_tokens":2,"total_tokens":5}}}""");
            await HearAsync(socket);
            ended.SetResult(socket.CloseStatus);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _enough.Token);
        });
        using var folder = new Setup().Folder(new Uri(provider.Urls.Single()));
        await using var server = await folder.StartAsync();
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {Setup.AcmeKey}");
        var address = new UriBuilder(new Uri(server.Client.BaseAddress!, "/v1/realtime?model=gpt-x")) { Scheme = "ws" };
        await socket.ConnectAsync(address.Uri, _enough.Token);
        await SendAsync(socket, """{"type":"response.create"}""");
        Assert.Contains("response.created", await HearAsync(socket), StringComparison.Ordinal);

        var stopped = server.StopAsync();
        await Wait.UntilAsync(() => !IsReady(server.Client));
        await SendAsync(socket, """{"type":"response.create"}""");
        Assert.Contains("shutting_down", await HearAsync(socket), StringComparison.Ordinal);
        goOn.SetResult();

        Assert.Contains("response.done", await HearAsync(socket), StringComparison.Ordinal);
        Assert.Null(await HearAsync(socket));
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, socket.CloseStatus);
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, await ended.Task.WaitAsync(_enough.Token));
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _enough.Token);
        Assert.Equal(0, await stopped);
    }

    public void Dispose() => _enough.Dispose();

    private static bool IsReady(HttpClient client)
    {
        try
        {
            using var answer = client.Send(new HttpRequestMessage(HttpMethod.Get, "/health/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task<WebApplication> StartAsync(Func<WebSocket, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await answer(socket);
        });
        await app.StartAsync();
        return app;
    }

    private Task SendAsync(WebSocket socket, string message) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, _enough.Token);

    private async Task<string?> HearAsync(WebSocket socket)
    {
        var buffer = new byte[16 * 1024];
        var received = await socket.ReceiveAsync(buffer.AsMemory(), _enough.Token);
        return received.MessageType == WebSocketMessageType.Close ? null : Encoding.UTF8.GetString(buffer, 0, received.Count);
    }
}
