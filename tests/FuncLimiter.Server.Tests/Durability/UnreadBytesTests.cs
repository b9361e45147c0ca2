using System.Net;
using System.Net.Sockets;
using System.Text;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Server.Hosting;

namespace FuncLimiter.Server.Tests.Durability;

/// <summary>What callers send before it is read stands in pinned memory, which goes back slowly and which no bound of ours counts.</summary>
public sealed class UnreadBytesTests
{
    private const int Connections = 100;
    private const int Pinned = 4;
    private const long Megabyte = 1024 * 1024;
    private const string Call = """{"model":"m","messages":[{"role":"user","content":"Hi"}]}""";
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Connection_WhoseBytesAreNotRead_HoldsFarLessThanAMegabyteOfThem()
    {
        using var provider = new TcpListener(IPAddress.Loopback, 0);
        provider.Start(Connections);
        var configuration = ConfigurationReader.Read(
            Encoding.UTF8.GetBytes($$$"""{"accounts":[{"id":"one","provider":"openai","endpoint":"http://{{{provider.LocalEndpoint}}}","apiKey":"${KEY}","models":[{"model":"m","limits":{"rpm":100000}}]}],"routes":[{"model":"m","targets":["one/m"]}]}"""),
            static _ => "sk-fake").Configuration!;
        await using var server = await ServerHost.StartAsync(new ServerSettings(configuration, "http://127.0.0.1:0"), CancellationToken.None);
        var before = PinnedBytes();
        var callers = new List<Socket>();
        var asked = new List<Socket>();
        try
        {
            // Each waits for its answer, and what it sends behind its call waits with it.
            for (var caller = 0; caller < Connections; caller++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                callers.Add(socket);
                await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port);
                await socket.SendAsync(Encoding.ASCII.GetBytes(
                    $"POST /v1/chat/completions HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {Call.Length}\r\n\r\n{Call}"));
            }

            while (asked.Count < Connections)
            {
                asked.Add(await provider.AcceptSocketAsync().WaitAsync(Longest));
            }

            var behind = new byte[8 * Megabyte];
            behind.AsSpan().Fill((byte)'x');
            var sent = callers.Select(socket => SendAsync(socket, behind)).ToList();
            await Task.WhenAny(Task.WhenAll(sent), Task.Delay(TimeSpan.FromSeconds(3)));

            Assert.InRange(PinnedBytes() - before, long.MinValue, Connections * Megabyte / 2);
        }
        finally
        {
            callers.ForEach(static socket => socket.Dispose());
            asked.ForEach(static socket => socket.Dispose());
        }
    }

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        try
        {
            await socket.SendAsync(bytes);
        }
        catch (SocketException)
        {
            // The test is over.
        }
    }

    private static long PinnedBytes()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        return GC.GetGCMemoryInfo(GCKind.FullBlocking).GenerationInfo[Pinned].SizeAfterBytes;
    }
}
