using Dapper;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage;

/// <summary>Copies a data directory as it stands at one instant, also while a server runs on it.</summary>
internal static class DataCopy
{
    private const string Audit = "audit.jsonl";

    /// <summary>Makes the copy, and checks it. Nothing is left behind where that fails.</summary>
    /// <param name="copy">Where the copy goes, a folder that is not there yet.</param>
    /// <returns>The copy's size in bytes.</returns>
    /// <exception cref="StorageException">There is no such data directory, the copy is there already, or either can't be read or written.</exception>
    public static long Make(string directory, string copy)
    {
        SQLitePCL.Batteries_V2.Init();
        var database = Path.Combine(directory, Database.FileName);
        if (!File.Exists(database))
        {
            throw new StorageException($"'{directory}' is no data directory: there is no {Database.FileName} in it.");
        }

        if (Path.Exists(copy))
        {
            throw new StorageException($"'{copy}' is there already. Give a name that is not.");
        }

        // What has the copy's name is whole.
        var begun = $"{copy.TrimEnd(Path.DirectorySeparatorChar)}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(begun);
            CopyDatabase(database, Path.Combine(begun, Database.FileName));
            if (File.Exists(Path.Combine(directory, Audit)))
            {
                CopyLog(Path.Combine(directory, Audit), Path.Combine(begun, Audit));
            }

            var bytes = new DirectoryInfo(begun).EnumerateFiles().Sum(file => file.Length);
            Directory.Move(begun, copy);
            return bytes;
        }
        catch (Exception failure) when (failure is SqliteException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StorageException($"The data directory '{directory}' can't be copied to '{copy}': {failure.Message}", failure);
        }
        finally
        {
            if (Directory.Exists(begun))
            {
                Directory.Delete(begun, recursive: true);
            }
        }
    }

    private static void CopyDatabase(string from, string to)
    {
        // Opened to be written: a log that a dead process left is taken in first.
        using var source = Database.Connect(from, SqliteOpenMode.ReadWrite, Database.Patience);
        using var target = Database.Connect(to, SqliteOpenMode.ReadWriteCreate, Database.Patience);
        source.BackupDatabase(target);
        if (target.ExecuteScalar<string>("PRAGMA quick_check(1)") is var found and not "ok")
        {
            throw new IOException($"the copy is damaged: {found}");
        }
    }

    // The server may be writing to it.
    private static void CopyLog(string from, string to)
    {
        using var source = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var target = new FileStream(to, FileMode.CreateNew);
        source.CopyTo(target);
    }
}
