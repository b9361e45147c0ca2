using System.Net;
using System.Net.Sockets;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Server.Tests.Http;

/// <summary>Without tenants the server is open to its own machine only, whatever says where to listen.</summary>
public sealed class ListeningTests
{
    public static TheoryData<string, string> Settings => new()
    {
        { "Kestrel__Endpoints__Open__Url", "http://0.0.0.0:{0}" },
        { "ASPNETCORE_Kestrel__Endpoints__Open__Url", "http://0.0.0.0:{0}" },
        { "ASPNETCORE_URLS", "http://0.0.0.0:{0}" },
        { "DOTNET_URLS", "http://0.0.0.0:{0}" },
        { "URLS", "http://0.0.0.0:{0}" },
        { "ASPNETCORE_HTTP_PORTS", "{0}" },
        { "HTTP_PORTS", "{0}" },
        { "appsettings.json", """{"Kestrel":{"Endpoints":{"Open":{"Url":"http://0.0.0.0:{0}"}}},"urls":"http://0.0.0.0:{0}"}""" },
        { "appsettings.Production.json", """{"Kestrel":{"Endpoints":{"Open":{"Url":"http://0.0.0.0:{0}"}}}}""" },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public async Task Server_WithoutTenants_ListensWhereItWasToldOnTheCommandLine(string name, string value)
    {
        var port = FreePort();
        var setting = value.Replace("{0}", $"{port}", StringComparison.Ordinal);
        using var folder = new ServerFolder("""
            { "accounts": [{ "id": "o", "provider": "openai", "apiKey": "${ANY}", "models": [{ "model": "m", "limits": { "rpm": 60 } }] }] }
            """).With("ANY", "any");
        if (name.EndsWith(".json", StringComparison.Ordinal))
        {
            await File.WriteAllTextAsync(Path.Combine(folder.Root, name), setting);
        }
        else
        {
            folder.With(name, setting);
        }

        await using var server = await folder.StartAsync();

        Assert.Equal(200, (await server.Client.FetchAsync("/health/ready")).Status);
        Assert.NotEqual(port, server.Client.BaseAddress!.Port);
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(() => other.ConnectAsync(IPAddress.Loopback, port));
        Assert.DoesNotContain("0.0.0.0", server.Output, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
