using Dapper;
using FuncLimiter.Server.Storage;

namespace FuncLimiter.Server.Tests.Storage;

public sealed class DataCopyTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private string Data => Path.Combine(_directory.Path, "data");

    private string Copy => Path.Combine(_directory.Path, "copy");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Make_WhileAServerWrites_HoldsAllThatWasCommitted()
    {
        using var database = Database.Open(Data);
        await WriteAsync(database, "first");
        await File.WriteAllTextAsync(Path.Combine(Data, "audit.jsonl"), "{}\n");

        var bytes = DataCopy.Make(Data, Copy);
        await WriteAsync(database, "second");

        using var copy = Database.Open(Copy);
        Assert.Equal(["first"], await copy.ReadAsync((connection, transaction) =>
            connection.Query<string>("SELECT name FROM meta WHERE name IN ('first', 'second')", transaction: transaction).AsList()));
        Assert.Equal("{}\n", await File.ReadAllTextAsync(Path.Combine(Copy, "audit.jsonl")));
        Assert.True(bytes > 10_000);
    }

    [Fact]
    public async Task Make_AfterAKill_HoldsWhatStoodInTheLogOnly()
    {
        using var database = Database.Open(Data);
        await WriteAsync(database, "first");
        using var image = TempDirectory.ImageOf(Data);

        DataCopy.Make(image.Path, Copy);

        using var copy = Database.Open(Copy);
        Assert.Equal(1, await copy.ReadAsync((connection, transaction) =>
            connection.ExecuteScalar<int>("SELECT COUNT(*) FROM meta WHERE name = 'first'", transaction: transaction)));
    }

    [Fact]
    public void Make_WhenTheCopyIsThere_LeavesItAlone()
    {
        Database.Open(Data).Dispose();
        Directory.CreateDirectory(Copy);

        var refusal = Assert.Throws<StorageException>(() => DataCopy.Make(Data, Copy));

        Assert.Contains("is there already", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Copy));
    }

    [Fact]
    public void Make_OfWhatIsNoDatabase_SaysSoAndLeavesNothingBehind()
    {
        Directory.CreateDirectory(Data);
        File.WriteAllText(Path.Combine(Data, Database.FileName), new string('x', 5_000));

        Assert.Throws<StorageException>(() => DataCopy.Make(Data, Copy));

        Assert.Equal([Data], Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void Make_OfAnotherFolder_SaysThatItIsNone() =>
        Assert.Contains("is no data directory", Assert.Throws<StorageException>(() => DataCopy.Make(_directory.Path, Copy)).Message, StringComparison.Ordinal);

    private static Task<int> WriteAsync(Database database, string name) => database.WriteAsync(
        (connection, transaction) => connection.Execute("INSERT INTO meta (name, value) VALUES (@name, x'00')", new { name }, transaction), durable: true);
}
