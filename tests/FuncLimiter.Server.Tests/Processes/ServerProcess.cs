using System.Diagnostics;
using System.Globalization;

namespace FuncLimiter.Server.Tests.Processes;

/// <summary>The server, on a port that the system chose.</summary>
internal sealed class ServerProcess : ProgramProcess
{
    private const string Announcement = "FuncLimiter listens on ";
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private ServerProcess(ProcessStartInfo start)
        : base(start)
    {
    }

    public static Task<ServerProcess> StartAsync(ProcessStartInfo start) => ListeningAsync(new ServerProcess(start), Longest);

    /// <summary>Asks it to stop, and waits until it has.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", Process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        await Process.WaitForExitAsync().WaitAsync(Longest);
        return Process.ExitCode;
    }

    protected override Uri? AddressIn(string line) =>
        line.StartsWith(Announcement, StringComparison.Ordinal) ? new Uri(line[Announcement.Length..]) : null;
}
