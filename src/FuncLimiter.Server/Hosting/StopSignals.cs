using System.Runtime.InteropServices;

namespace FuncLimiter.Server.Hosting;

/// <summary>
/// Ctrl+C, SIGINT and SIGTERM ask a command to end, and it does so by itself: the server first answers those who wait. At the second of
/// them the process ends at once.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private const int Interrupt = 2;

    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration _interrupted;
    private readonly PosixSignalRegistration _terminated;

    public StopSignals()
    {
        if (!OperatingSystem.IsWindows())
        {
            // A shell's background job is started with SIGINT ignored, and .NET leaves an ignored signal alone.
            _ = SetHandler(Interrupt, 0);
        }

        _interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Hear);
        _terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Hear);
    }

    /// <summary>Cancelled at the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        _interrupted.Dispose();
        _terminated.Dispose();
        _stop.Dispose();
    }

    private void Hear(PosixSignalContext signal)
    {
        signal.Cancel = !_stop.IsCancellationRequested;
        _stop.Cancel();
    }

    [DllImport("libc", EntryPoint = "signal")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint SetHandler(int signal, nint handler);
}
