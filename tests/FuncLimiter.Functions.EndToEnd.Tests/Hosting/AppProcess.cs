using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using FuncLimiter.Server.Tests.Processes;

namespace FuncLimiter.Functions.EndToEnd.Tests.Hosting;

/// <summary>One host with the app in it: two processes, as an instance of a Functions app is.</summary>
internal sealed partial class AppProcess : ProgramProcess
{
    /// <summary>The key that opens every function.</summary>
    public const string FunctionKey = "function-key-of-the-tests";

    /// <summary>How long tests wait for anything; far more than it takes, for machines that are busy.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(240);

    private static readonly string Host = Path.Combine(Repository.BuildOf("tests", "FuncLimiter.Functions.Host"), "FuncLimiter.Functions.Host.dll");

    // Another build can be named, as one that is published and so compiled ahead.
    private static readonly string App = Environment.GetEnvironmentVariable("FUNCTIONS_APP") ?? Repository.BuildOf("src", "FuncLimiter.Functions");

    private static readonly ConcurrentDictionary<AppProcess, bool> Running = [];

    // What no test ends, since others use it too, ends with the tests.
    static AppProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var app in Running.Keys)
        {
            app.Kill();
        }
    };

    private AppProcess(ProcessStartInfo start)
        : base(start) => Running[this] = true;

    /// <summary>Starts a host, and waits until the app takes calls.</summary>
    /// <param name="settings">The app's settings.</param>
    public static Task<AppProcess> StartAsync(IReadOnlyDictionary<string, string> settings)
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

        return ListeningAsync(new AppProcess(start), Longest);
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
        Process.StandardInput.Close();
        await Process.WaitForExitAsync().WaitAsync(Longest);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Running.TryRemove(this, out _);
    }

    /// <summary>Ends host and app as a machine's power cut does.</summary>
    protected override void Kill()
    {
        try
        {
            Process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }
    }

    protected override Uri? AddressIn(string line) => ReadyLine().Match(line) is { Success: true } ready ? new Uri(ready.Groups["address"].Value) : null;

    [GeneratedRegex(@" Ready at (?<address>http:\S+)$")]
    private static partial Regex ReadyLine();

    [GeneratedRegex(@"The worker is process (?<id>\d+),")]
    private static partial Regex WorkerLine();
}
