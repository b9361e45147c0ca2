using System.Diagnostics;
using System.Globalization;

namespace FuncLimiter.Benchmarks.Processes;

/// <summary>A program that runs beside the benchmark and ends with it, its own children included.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int KeptLines = 40;
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly Queue<string> _lastLines = new();

    private ChildProcess(Process process) => _process = process;

    /// <summary>Its process.</summary>
    public int Id => _process.Id;

    /// <summary>Starts a program and waits until its port answers.</summary>
    /// <exception cref="NotAvailableException">It ended, or did not answer in time.</exception>
    public static async Task<ChildProcess> Serve(ProcessStartInfo start, int port)
    {
        var child = Start(start);
        var clock = Stopwatch.StartNew();
        while (!await LoopbackPort.Answers(port))
        {
            if (child._process.HasExited || clock.Elapsed > StartTimeout)
            {
                var said = child.LastWords();
                await child.DisposeAsync();
                throw new NotAvailableException($"{Path.GetFileName(start.FileName)} does not answer on its port: {said}");
            }

            await Task.Delay(50);
        }

        return child;
    }

    /// <summary>Runs a program to its end and hands back what it printed.</summary>
    /// <exception cref="NotAvailableException">It failed, or took too long.</exception>
    public static async Task<string> Run(ProcessStartInfo start, TimeSpan timeout)
    {
        Redirect(start);
        using var process = Process.Start(start) ?? throw new NotAvailableException($"{start.FileName} did not start");
        using var deadline = new CancellationTokenSource(timeout);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new NotAvailableException($"{Path.GetFileName(start.FileName)} took longer than {timeout.TotalSeconds:0} s");
        }

        return process.ExitCode == 0
            ? await output
            : throw new NotAvailableException($"{Path.GetFileName(start.FileName)} failed: {(await errors + await output).Trim()}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await AskToEnd();
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    // A server that ends by itself takes its workers with it.
    private async Task AskToEnd()
    {
        if (new Tool("kill", "").Path is not { } kill)
        {
            return;
        }

        using var asking = Process.Start(kill, ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        using var deadline = new CancellationTokenSource(StopTimeout);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            // It does not listen: it is killed next.
        }
    }

    private static ChildProcess Start(ProcessStartInfo start)
    {
        Redirect(start);
        var process = Process.Start(start) ?? throw new NotAvailableException($"{start.FileName} did not start");
        var child = new ChildProcess(process);
        process.OutputDataReceived += child.Keep;
        process.ErrorDataReceived += child.Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    private static void Redirect(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.UseShellExecute = false;
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_lastLines)
        {
            _lastLines.Enqueue(line.Data ?? "");
            if (_lastLines.Count > KeptLines)
            {
                _lastLines.Dequeue();
            }
        }
    }

    private string LastWords()
    {
        lock (_lastLines)
        {
            return string.Join(" | ", _lastLines.Where(line => line.Length > 0));
        }
    }
}
