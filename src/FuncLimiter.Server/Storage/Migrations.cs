using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Storage;

/// <summary>Brings the database to the form that this version writes. A step once released is never changed.</summary>
internal static class Migrations
{
    private static readonly string[] Steps = [Step1.Sql, Step2.Sql, Step3.Sql, Step4.Sql, Step5.Sql];

    public static int Newest => Steps.Length;

    /// <exception cref="StorageException">A newer version wrote it.</exception>
    public static void Apply(SqliteConnection connection) => Apply(connection, Newest);

    /// <summary>The same, up to an earlier form.</summary>
    internal static void Apply(SqliteConnection connection, int form)
    {
        var version = connection.ExecuteScalar<int>("PRAGMA user_version");
        if (version > Newest)
        {
            throw new StorageException(
                $"The database is of form {version}, written by a newer FuncLimiter; this one knows form {Newest}. Use the newer one, or another --data.");
        }

        for (; version < form; version++)
        {
            using var transaction = connection.BeginTransaction();
            connection.Execute(Steps[version], transaction: transaction);
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {version + 1}"), transaction: transaction);
            transaction.Commit();
        }
    }
}
