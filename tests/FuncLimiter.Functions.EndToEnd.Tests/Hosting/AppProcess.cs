using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace FuncLimiter.Functions.EndToEnd.Tests.Hosting;

/// <summary>One host with the app in it: two processes, as an instance of a Functions app is.</summary>
internal sealed partial class AppProcess : IAsyncDisposable
{
    /// <summary>The key that opens every function.</summary>
    public const string FunctionKey = "function-key-of-the-tests";

    /// <summary>How long tests wait for anything; far more than it takes, for machines that are busy.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(240);

    private static readonly string Host = Path.Combine(Repository.BuildOf("tests", "FuncLimiter.Functions.Host"), "FuncLimiter.Functions.Host.dll");

    // Another build can be named, as one that is published and so compiled ahead.
    private static readonly string App = Environment.GetEnvironmentVariable("FUNCTIONS_APP") ?? Repository.BuildOf("src", "FuncLimiter.Functions");

    private static readonly ConcurrentDictionary<AppProcess, bool> Running = [];

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // What no test ends, since others use it too, ends with the tests.
    static AppProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var app in Running.Keys)
        {
            app.Kill();
        }
    };

    private AppProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.Exited += (_, _) => _address.TrySetException(new InvalidOperationException("The host ended."));
        _process.Start();
        Running[this] = true;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>A client of the app.</summary>
    public HttpClient Client { get; private set; } = null!;

    /// <summary>What the host and the app's process printed.</summary>
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

    /// <summary>Starts a host, and waits until the app takes calls.</summary>
    /// <param name="settings">The app's settings.</param>
    public static async Task<AppProcess> StartAsync(IReadOnlyDictionary<string, string> settings)
    {
        var start = new ProcessStartInfo("dotnet", [Host, App])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["FUNCTION_KEY"] = FunctionKey },
        };
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        var app = new AppProcess(start);
        try
        {
            app.Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
            {
                BaseAddress = await app._address.Task.WaitAsync(Longest),
                Timeout = Longest,
            };
            return app;
        }
        catch (Exception reason)
        {
            await app.DisposeAsync();
            throw new InvalidOperationException($"The app did not start: {app.Output}", reason);
        }
    }

    /// <summary>Ends host and app as a machine's power cut does.</summary>
    public async Task KillAsync()
    {
        Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Ends the app's process, which its host starts again.</summary>
    public void KillWorker()
    {
        using var worker = FindWorker();
        worker.Kill();
    }

    /// <summary>The app's process, which its host started.</summary>
    public Process FindWorker() =>
        Process.GetProcessById(int.Parse(WorkerLine().Matches(Output)[^1].Groups["id"].Value, CultureInfo.InvariantCulture));

    /// <summary>Lets the host see what it sees when the process of the tests is gone, and waits for its end.</summary>
    public async Task AbandonAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(Longest);
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        Running.TryRemove(this, out _);
        _process.Dispose();
    }

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }
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

        if (ReadyLine().Match(text) is { Success: true } ready)
        {
            _address.TrySetResult(new Uri(ready.Groups["address"].Value));
        }
    }

    [GeneratedRegex(@" Ready at (?<address>http:\S+)$")]
    private static partial Regex ReadyLine();

    [GeneratedRegex(@"The worker is process (?<id>\d+),")]
    private static partial Regex WorkerLine();
}
