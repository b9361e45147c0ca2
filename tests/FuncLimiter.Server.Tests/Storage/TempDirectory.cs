namespace FuncLimiter.Server.Tests.Storage;

/// <summary>A folder of a test's own, gone at its end.</summary>
internal sealed class TempDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("funclimiter-").FullName;

    /// <summary>The files as a process that is killed at this moment leaves them behind.</summary>
    public TempDirectory Image() => ImageOf(Path);

    /// <summary>The same of any data directory.</summary>
    public static TempDirectory ImageOf(string directory)
    {
        var image = new TempDirectory();
        foreach (var file in Directory.EnumerateFiles(directory, "funclimiter.db*"))
        {
            // The index of the log is the dead process's memory; the next one rebuilds it from the log.
            if (!file.EndsWith("-shm", StringComparison.Ordinal))
            {
                File.Copy(file, System.IO.Path.Combine(image.Path, System.IO.Path.GetFileName(file)));
            }
        }

        return image;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
