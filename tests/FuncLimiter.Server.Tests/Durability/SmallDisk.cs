using System.Diagnostics;

namespace FuncLimiter.Server.Tests.Durability;

/// <summary>A disk of a few megabytes, in memory, mounted over a folder.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _folder;

    private SmallDisk(string folder) => _folder = folder;

    private string Filling => Path.Combine(_folder, "filling");

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? Obstacle { get; } = Probe();

    /// <summary>Mounts one.</summary>
    public static SmallDisk Mount(string folder, int megabytes)
    {
        Directory.CreateDirectory(folder);
        Assert.Equal(0, Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", folder));
        return new SmallDisk(folder);
    }

    /// <summary>Takes all that is left of it.</summary>
    public void Fill()
    {
        using var file = new FileStream(Filling, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (var size in new[] { 4096, 512, 1 })
        {
            try
            {
                for (var block = new byte[size]; ; file.Write(block))
                {
                }
            }
            catch (IOException)
            {
                // Full, but for what a smaller block may take.
            }
        }
    }

    /// <summary>Gives what was taken back.</summary>
    public void Empty() => File.Delete(Filling);

    /// <summary>Takes no more writes, as a disk does that the system found faults in.</summary>
    public void ProtectFromWriting() => Assert.Equal(0, Run("mount", "-o", "remount,ro", _folder));

    public void Dispose() => Run("umount", "-l", _folder);

    private static string? Probe()
    {
        if (!OperatingSystem.IsLinux() || !string.Equals(Environment.UserName, "root", StringComparison.Ordinal))
        {
            return "a small disk is mounted by root, on Linux";
        }

        var folder = Directory.CreateTempSubdirectory("funclimiter-disk-").FullName;
        try
        {
            if (Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder) != 0)
            {
                return "no small disk may be mounted here";
            }

            Run("umount", "-l", folder);
            return null;
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}

/// <summary>A test that needs a disk which can be filled.</summary>
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute() => Skip = SmallDisk.Obstacle;
}
