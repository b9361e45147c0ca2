using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace FuncLimiter.Server.Tests.Sdk;

/// <summary>The server as users run it: a process of its own, on a port of 127.0.0.1 that was free.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int KeptLines = 200;
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly DirectoryInfo _folder;
    private readonly Queue<string> _lines = new();

    private ServerProcess(Process process, DirectoryInfo folder, Uri address) => (_process, _folder, Address) = (process, folder, address);

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>The last lines that it printed.</summary>
    public string Output
    {
        get
        {
            lock (_lines)
            {
                return string.Join(Environment.NewLine, _lines);
            }
        }
    }

    /// <summary>Starts <c>serve</c> with a configuration and waits until it is ready.</summary>
    /// <param name="configuration">The configuration's JSON.</param>
    /// <param name="secrets">Environment variables that the configuration names.</param>
    public static async Task<ServerProcess> Start(string configuration, IReadOnlyDictionary<string, string> secrets)
    {
        var folder = Directory.CreateTempSubdirectory("funclimiter-sdk-");
        var file = Path.Combine(folder.FullName, "funclimiter.json");
        await File.WriteAllTextAsync(file, configuration);
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "FuncLimiter.Server.dll"),
            "serve", "--config", file, "--urls", address.ToString(),
        ];
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in secrets)
        {
            start.Environment[name] = value;
        }

        var server = new ServerProcess(Process.Start(start)!, folder, address);
        server.KeepOutput();
        await server.WaitUntilReady();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void KeepOutput()
    {
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_lines)
        {
            _lines.Enqueue(line.Data ?? "");
            if (_lines.Count > KeptLines)
            {
                _lines.Dequeue();
            }
        }
    }

    private async Task WaitUntilReady()
    {
        using var client = new HttpClient { BaseAddress = Address };
        var clock = Stopwatch.StartNew();
        while (!await IsReady(client))
        {
            if (_process.HasExited || clock.Elapsed > StartTimeout)
            {
                var said = Output;
                await DisposeAsync();
                throw new InvalidOperationException($"The server did not become ready:{Environment.NewLine}{said}");
            }

            await Task.Delay(50);
        }
    }

    private static async Task<bool> IsReady(HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
