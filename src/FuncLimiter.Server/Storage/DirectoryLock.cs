namespace FuncLimiter.Server.Storage;

/// <summary>Keeps a second process out of a data directory; the operating system lets go of it when this one dies.</summary>
internal sealed class DirectoryLock : IDisposable
{
    private const string FileName = "funclimiter.lock";

    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <summary>Makes the directory if it is not there, and takes it.</summary>
    /// <exception cref="StorageException">It is taken, or cannot be written.</exception>
    public static DirectoryLock Take(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            return new DirectoryLock(new FileStream(Path.Combine(directory, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new StorageException($"The data directory '{directory}' cannot be written. Give this user the right to, or another --data.", denied);
        }
        catch (IOException failure) when (IsTaken(failure))
        {
            throw new StorageException($"Another FuncLimiter uses the data directory '{directory}'. Stop it, or give another --data.", failure);
        }
        catch (IOException failure) when (failure is not (DirectoryNotFoundException or PathTooLongException) && Directory.Exists(directory))
        {
            throw new StorageException($"The data directory '{directory}' cannot be written: {failure.Message} Give a folder that can be with --data.", failure);
        }
        catch (IOException failure)
        {
            throw new StorageException($"The data directory '{directory}' cannot be made: {failure.Message}", failure);
        }
    }

    public void Dispose() => _file.Dispose();

    // Where another process holds a file, Windows says that it is shared or locked, Linux and macOS that it would have to be waited for.
    private static bool IsTaken(IOException failure) => (failure.HResult & 0xFFFF) switch
    {
        32 or 33 => OperatingSystem.IsWindows(),
        11 => OperatingSystem.IsLinux(),
        35 => !OperatingSystem.IsWindows() && !OperatingSystem.IsLinux(),
        _ => false,
    };
}
