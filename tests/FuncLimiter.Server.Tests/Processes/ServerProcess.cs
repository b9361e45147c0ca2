using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace FuncLimiter.Server.Tests.Processes;

/// <summary>The server as users run it: a process of its own, on a port that the system chose.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string Announcement = "FuncLimiter listens on ";
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.Exited += (_, _) => _address.TrySetException(new InvalidOperationException("The server ended."));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>A client of the server, which says what it is told and follows nothing.</summary>
    public HttpClient Client { get; private set; } = null!;

    /// <summary>What the server printed and logged.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public static async Task<ServerProcess> StartAsync(ProcessStartInfo start)
    {
        var server = new ServerProcess(start);
        try
        {
            var address = await server._address.Task.WaitAsync(Longest);
            server.Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = address, Timeout = Longest };
            return server;
        }
        catch (Exception reason)
        {
            await server.DisposeAsync();
            throw new InvalidOperationException($"The server did not start: {server.Output}", reason);
        }
    }

    /// <summary>Ends it as a power cut ends a process: at once, whatever it does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to stop, and waits until it has.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        await _process.WaitForExitAsync().WaitAsync(Longest);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not { } text)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(text);
        }

        if (text.StartsWith(Announcement, StringComparison.Ordinal))
        {
            _address.TrySetResult(new Uri(text[Announcement.Length..]));
        }
    }
}
