using System.Net.Sockets;
using System.Text;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Durability;

/// <summary>A server that may open few files refuses the connections it has no room for, and lives.</summary>
public sealed class ScarceDescriptorsTests
{
    private const int Connections = 500;
    private const string Call = """{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"max_tokens":5}""";

    [Theory]
    [InlineData(256)]
    [InlineData(320)]
    public async Task Server_WithMoreConnectionsThanDescriptors_RefusesThoseBeyond_AndServesTheOthersAndLaterOnes(int openFiles)
    {
        var setup = new Setup();
        await using var provider = await setup.StartDoubleAsync();
        using var folder = setup.Folder(provider.BaseAddress);
        await using var server = await folder.StartAsync(openFiles);
        var address = server.Client.BaseAddress!;
        var request = Encoding.ASCII.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nx-api-key: {Setup.AcmeKey}\r\nContent-Type: application/json\r\nContent-Length: {Call.Length}\r\n\r\n{Call}");

        var answers = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => AskAsync(address, request)));

        Assert.All(answers, answer => Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal), answer));
        Assert.InRange(answers.Count(answer => answer.Length > 0), 1, openFiles / 2);
        await Wait.UntilAsync(() => AskAsync(address, request).GetAwaiter().GetResult().StartsWith("HTTP/1.1 200", StringComparison.Ordinal));
        Assert.Equal(0, await server.StopAsync());
    }

    /// <returns>The beginning of the answer; nothing where the connection was refused.</returns>
    private static async Task<string> AskAsync(Uri address, byte[] request)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            using var late = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await socket.ConnectAsync(address.Host, address.Port, late.Token);
            await socket.SendAsync(request, late.Token);
            var answer = new byte[4096];
            var read = await socket.ReceiveAsync(answer, late.Token);
            await Task.Delay(500);
            return Encoding.ASCII.GetString(answer, 0, read);
        }
        catch (SocketException)
        {
            return "";
        }
    }
}
