using System.Runtime.InteropServices;

namespace FuncLimiter.Server.Hosting;

/// <summary>
/// Ctrl+C, SIGINT, SIGTERM, SIGQUIT, and SIGHUP as a terminal that closes sends it, ask a command to end, and it does so by itself: the
/// server first answers those who wait. At the second of them the process ends at once.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private const int Interrupt = 2;
    private const int Quit = 3;

    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _heard;

    public StopSignals()
    {
        if (!OperatingSystem.IsWindows())
        {
            // A shell's background job is started with SIGINT and SIGQUIT ignored, and .NET leaves an ignored signal alone.
            _ = SetHandler(Interrupt, 0);
            _ = SetHandler(Quit, 0);
        }

        PosixSignal[] asked = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT, PosixSignal.SIGHUP];
        _heard = [.. asked.Select(signal => PosixSignalRegistration.Create(signal, Hear))];
    }

    /// <summary>Cancelled at the first signal.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(_heard, registration => registration.Dispose());
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
