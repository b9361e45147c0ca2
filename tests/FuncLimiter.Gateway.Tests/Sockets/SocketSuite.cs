using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Tests.Hosting;

namespace FuncLimiter.Gateway.Tests.Sockets;

/// <summary>Callers and providers of WebSockets, on both sides of a gateway.</summary>
public abstract class SocketSuite : IDisposable
{
    private protected const string Usage =
        """{"total_tokens":25,"input_tokens":20,"output_tokens":5,"input_token_details":{"cached_tokens":8},"output_token_details":{"text_tokens":5}}""";

    private protected CancellationTokenSource Enough { get; } = new(TimeSpan.FromSeconds(60));

    public void Dispose()
    {
        Enough.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static GatewayConfiguration Keyed(Uri address) => Limited(address);

    private protected static GatewayConfiguration Limited(Uri address, params Limit[] limits)
    {
        var keyed = Samples.Keyed(address);
        return keyed with
        {
            Accounts = [.. keyed.Accounts.Where(account => account.Provider == "openai").Select(account =>
                account.Id == "openai-1" ? account with { Models = [new ModelConfiguration("gpt-x", limits, null)], Paths = ["/v1/responses"] } : account)],
            Routes = [new("voice", ["openai-1/gpt-x"], [])],
        };
    }

    private protected static EmbeddedLimiter Real(GatewayConfiguration configuration) => new(LimiterSpecs.From(configuration, isDurable: false), TimeProvider.System);

    /// <summary>A provider that answers each <c>response.create</c>, and keeps what it hears.</summary>
    private protected List<string> Answering(TestGateway gateway, string last)
    {
        var heard = new List<string>();
        gateway.Provider.Answer = async (context, _) =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync(
                context.WebSockets.WebSocketRequestedProtocols.Count > 0 ? context.WebSockets.WebSocketRequestedProtocols[0] : null);
            while (await HearAsync(socket) is { } message)
            {
                heard.Add(message);
                if (Type(message) == "response.create")
                {
                    await SendAsync(socket, """{"type":"response.created","event_id":"e1","response":{"id":"resp_1"}}""");
                    await SendAsync(socket, last.Replace("USAGE", Usage, StringComparison.Ordinal));
                }
            }

            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Enough.Token);
        };
        return heard;
    }

    private protected async Task<ClientWebSocket> ConnectAsync(TestGateway gateway, string path, Action<ClientWebSocketOptions>? set = null)
    {
        var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (set is null)
        {
            socket.Options.SetRequestHeader("Authorization", $"Bearer {Samples.AcmeKey}");
        }
        else
        {
            set(socket.Options);
            socket.Options.SetRequestHeader("x-api-key", Samples.AcmeKey);
        }

        await socket.ConnectAsync(Address(gateway, path), Enough.Token);
        return socket;
    }

    private protected static Uri Address(TestGateway gateway, string path) => new(new UriBuilder(gateway.Client.BaseAddress!) { Scheme = "ws" }.Uri, path);

    private protected Task SendAsync(WebSocket socket, string message) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, Enough.Token);

    private protected async Task<string[]> ReceiveAsync(WebSocket socket, int count)
    {
        var messages = new string[count];
        for (var index = 0; index < count; index++)
        {
            messages[index] = await HearAsync(socket) ?? throw new InvalidOperationException($"The connection was closed: {socket.CloseStatus} {socket.CloseStatusDescription}.");
        }

        return messages;
    }

    /// <summary>The next message; null at the end.</summary>
    private protected async Task<string?> HearAsync(WebSocket socket)
    {
        var buffer = new byte[64 * 1024];
        var length = 0;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length), Enough.Token);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            length += received.Count;
            if (received.EndOfMessage)
            {
                return Encoding.UTF8.GetString(buffer, 0, length);
            }
        }
    }

    private protected Task CloseAsync(WebSocket socket) => socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Enough.Token);

    private protected async Task Until(Func<bool> holds)
    {
        while (!holds())
        {
            await Task.Delay(20, Enough.Token);
        }
    }

    private protected static string? Type(string message) => JsonDocument.Parse(message).RootElement.TryGetProperty("type", out var type) ? type.GetString() : null;
}
