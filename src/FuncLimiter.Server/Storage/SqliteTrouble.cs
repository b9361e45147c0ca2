using FuncLimiter.Gateway.Errors;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage;

/// <summary>Tells errors of the disk and the system, which may pass, from errors of what was asked.</summary>
internal static class SqliteTrouble
{
    private const int Busy = 5;
    private const int Locked = 6;
    private const int NoMemory = 7;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Full = 13;
    private const int CannotOpen = 14;

    /// <summary>The failure, in the words of whoever has to do with it where it may pass.</summary>
    public static Exception Explain(Exception failure) => failure is SqliteException sqlite && Reason(sqlite.SqliteErrorCode) is { } reason
        ? new StorageUnavailableException(reason, failure)
        : failure;

    private static string? Reason(int code) => code switch
    {
        Full => "the disk of the data directory is full",
        InputOutput => "the disk of the data directory can't be read or written",
        ReadOnly => "the data directory can't be written",
        CannotOpen => "a file of the data directory can't be opened",
        Busy or Locked => "the database is locked by another process",
        NoMemory => "there is no memory left",
        _ => null,
    };
}
