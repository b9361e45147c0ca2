using System.Runtime.InteropServices;

namespace FuncLimiter.Server.Hosting;

/// <summary>How many files and connections this process may have open, and has.</summary>
internal static class OpenFiles
{
    private const string Own = "/proc/self/fd";
    private const int LinuxLimit = 7;
    private const int DarwinLimit = 8;

    /// <summary>What the runtime and its parts hold where it can't be counted.</summary>
    private const int UsualUse = 300;

    private const int Ample = 1024;

    /// <summary>What is opened later, whatever comes: readers of the database, checkpoints, the audit, a part that is loaded late.</summary>
    private const int Reserve = 6;

    /// <summary>Fewer connections than this are of no use.</summary>
    private const int LeastConnections = 2;

    /// <summary>
    /// How many connections of callers there is room for: each may need one to a provider as well. Without bound where the system has none.
    /// </summary>
    public static int Connections => Limit is { } limit ? (int)Math.Clamp((limit - Used - Reserve) / 2, LeastConnections, int.MaxValue) : int.MaxValue;

    /// <summary>Whether what the runtime loads later could meet the limit.</summary>
    public static bool AreScarce => Limit < Ample;

    private static long? Limit =>
        !OperatingSystem.IsWindows() && GetLimit(OperatingSystem.IsLinux() ? LinuxLimit : DarwinLimit, out var limit) == 0 && limit.Soft < int.MaxValue
            ? (long)limit.Soft
            : null;

    private static int Used => Directory.Exists(Own) ? Directory.EnumerateFileSystemEntries(Own).Count() : UsualUse;

    [DllImport("libc", EntryPoint = "getrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetLimit(int resource, out Limits limits);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Limits
    {
        public readonly ulong Soft;
        public readonly ulong Hard;
    }
}
