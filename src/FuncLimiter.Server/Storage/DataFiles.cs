using System.Runtime.InteropServices;
using Dapper;
using FuncLimiter.Gateway.Calls.Errors;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage;

/// <summary>
/// Sees to it that what is written is where it will be looked for after a restart, also where somebody moves or removes files of the data
/// directory under a running server. SQLite writes on into files that are gone, and says that all is well.
/// </summary>
/// <param name="path">The database's file.</param>
/// <param name="directoryLock">Keeps other processes out.</param>
/// <param name="readers">The connections for reading.</param>
internal sealed class DataFiles(string path, DirectoryLock directoryLock, ReaderPool readers)
{
    private const string Gone = "the files of the data directory were moved or removed while FuncLimiter runs: put them back, or restart it";

    /// <summary>To be asked before each group of changes.</summary>
    /// <returns>Whether to write on another connection from now on: the log was removed, and all that stood in it is in the database.</returns>
    /// <exception cref="StorageUnavailableException">What is written now would be gone after a restart.</exception>
    public bool Keep(SqliteConnection connection)
    {
        if (MovedFile.Is(connection))
        {
            throw new StorageUnavailableException(Gone);
        }

        try
        {
            directoryLock.Keep();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StorageUnavailableException("another process may have taken the data directory: its lock was removed while FuncLimiter runs, and can't be taken again", failure);
        }

        if (File.Exists(path + "-wal") && File.Exists(path + "-shm"))
        {
            return false;
        }

        // This connection still has the log that was removed.
        if (connection.ExecuteScalar<int>("PRAGMA wal_checkpoint(TRUNCATE)") != 0)
        {
            throw new StorageUnavailableException("the database's log was removed while FuncLimiter runs; what stood in it is saved as soon as nobody reads");
        }

        readers.Renew();
        return true;
    }
}

/// <summary>
/// Tells whether a database's file still stands where it was opened. SQLite writes on into one that was removed, and says that all is well:
/// what is written there is gone with the process.
/// </summary>
internal static class MovedFile
{
    // SQLITE_FCNTL_HAS_MOVED, https://www.sqlite.org/c3ref/c_fcntl_begin_atomic_write.html
    private const int HasMoved = 20;

    public static bool Is(SqliteConnection connection) =>
        connection.Handle is { } handle && FileControl(handle.DangerousGetHandle(), "main", HasMoved, out var hasMoved) == 0 && hasMoved != 0;

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_file_control", ExactSpelling = true)]
    private static extern int FileControl(nint connection, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, int operation, out int answer);
}

/// <summary>Keeps a second process out of a data directory; the operating system lets go of it when this one dies.</summary>
internal sealed class DirectoryLock : IDisposable
{
    private const string FileName = "funclimiter.lock";

    private readonly string _directory;
    private FileStream _file;

    private DirectoryLock(string directory, FileStream file) => (_directory, _file) = (directory, file);

    /// <summary>Makes the directory if it is not there, and takes it.</summary>
    /// <exception cref="StorageException">It is taken, or cannot be written.</exception>
    public static DirectoryLock Take(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            return new DirectoryLock(directory, Open(directory));
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

    /// <summary>Takes the directory again where somebody removed what says that it is taken, before another process does.</summary>
    /// <exception cref="IOException">Another one did.</exception>
    public void Keep()
    {
        if (!File.Exists(Path.Combine(_directory, FileName)))
        {
            var again = Open(_directory);
            _file.Dispose();
            _file = again;
        }
    }

    public void Dispose() => _file.Dispose();

    private static FileStream Open(string directory) => new(Path.Combine(directory, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    // Where another process holds a file, Windows says that it is shared or locked, Linux and macOS that it would have to be waited for.
    private static bool IsTaken(IOException failure) => (failure.HResult & 0xFFFF) switch
    {
        32 or 33 => OperatingSystem.IsWindows(),
        11 => OperatingSystem.IsLinux(),
        35 => !OperatingSystem.IsWindows() && !OperatingSystem.IsLinux(),
        _ => false,
    };
}
