using Dapper;
using FuncLimiter.Gateway.Calls.Errors;
using FuncLimiter.Gateway.Jobs;
using FuncLimiter.Server.Storage;
using FuncLimiter.Server.Storage.Jobs;
using FuncLimiter.Server.Tests.Durability;
using Microsoft.Data.Sqlite;

namespace FuncLimiter.Server.Tests.Storage;

public sealed class DatabaseTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Open_WhenTheDirectoryIsNotThere_MakesIt()
    {
        var path = Path.Combine(_directory.Path, "a", "b");

        using (Database.Open(path))
        {
            Assert.True(File.Exists(Path.Combine(path, Database.FileName)));
        }
    }

    [Fact]
    public void Open_WhenAnotherHoldsTheDirectory_SaysSoAndLeavesItAlone()
    {
        using var first = Database.Open(_directory.Path);

        var refusal = Assert.Throws<StorageException>(() => Database.Open(_directory.Path));

        Assert.Contains("Another FuncLimiter", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(_directory.Path, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WhenTheOtherHasClosed_Succeeds()
    {
        Database.Open(_directory.Path).Dispose();

        Database.Open(_directory.Path).Dispose();
    }

    [Fact]
    public void Open_WhenTheDirectoryIsAFile_SaysSo()
    {
        var file = Path.Combine(_directory.Path, "file");
        File.WriteAllText(file, "");

        Assert.Contains("cannot be made", Assert.Throws<StorageException>(() => Database.Open(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WhenTheFileIsNoDatabase_SaysSoAndLetsGoOfTheDirectory()
    {
        File.WriteAllText(Path.Combine(_directory.Path, Database.FileName), new string('x', 5000));

        Assert.Contains("cannot be opened", Assert.Throws<StorageException>(() => Database.Open(_directory.Path)).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(_directory.Path, Database.FileName));
        Database.Open(_directory.Path).Dispose();
    }

    [Fact]
    public async Task Open_WhenANewerVersionWroteIt_Refuses()
    {
        using (var database = Database.Open(_directory.Path))
        {
            await database.WriteAsync((connection, transaction) => connection.Execute("PRAGMA user_version = 999", transaction: transaction), durable: true);
        }

        Assert.Contains("newer FuncLimiter", Assert.Throws<StorageException>(() => Database.Open(_directory.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_WhoseCommitFails_LeavesNoTransactionOpen()
    {
        using var database = Database.Open(_directory.Path);
        await database.WriteAsync(
            (connection, transaction) => connection.Execute(
                """
                CREATE TABLE parents (id INTEGER PRIMARY KEY);
                CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);
                """,
                transaction: transaction),
            durable: true);

        await Assert.ThrowsAsync<SqliteException>(() => database.WriteAsync(
            (connection, transaction) => connection.Execute("INSERT INTO children VALUES (1)", transaction: transaction), durable: true));
        await new MetaStore(database).SetAsync("after", [1], CancellationToken.None);

        Assert.Equal([1], await new MetaStore(database).FindAsync("after", CancellationToken.None));
        Assert.Null(database.Trouble);
    }

    /// <summary>SQLite writes on into a removed file and says that all is well: what was promised to be kept would be gone with the process.</summary>
    [Fact]
    public async Task Write_WhoseFilesWereTakenAway_IsRefused_AndGoesOnOnceTheyAreBack()
    {
        // Windows lets nobody take away what is open.
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var (path, elsewhere) = (Path.Combine(_directory.Path, "data"), Path.Combine(_directory.Path, "elsewhere"));
        using var database = Database.Open(path);
        var store = new MetaStore(database);
        await store.SetAsync("before", [1], CancellationToken.None);

        Directory.Move(path, elsewhere);
        var failure = await Assert.ThrowsAsync<StorageUnavailableException>(() => store.SetAsync("meanwhile", [2], CancellationToken.None));
        Directory.CreateDirectory(path);
        await File.WriteAllTextAsync(Path.Combine(path, Database.FileName), "another's");
        await Assert.ThrowsAsync<StorageUnavailableException>(database.ProbeAsync);

        Assert.Contains("moved or removed", failure.Message, StringComparison.Ordinal);
        Assert.Contains("moved or removed", database.Trouble, StringComparison.Ordinal);
        Directory.Delete(path, recursive: true);
        Directory.Move(elsewhere, path);
        await store.SetAsync("after", [3], CancellationToken.None);
        Assert.Null(database.Trouble);
        Assert.Equal([1], await store.FindAsync("before", CancellationToken.None));
        Assert.Null(await store.FindAsync("meanwhile", CancellationToken.None));
        Assert.Equal([3], await store.FindAsync("after", CancellationToken.None));
    }

    /// <summary>What is in the files now is what a killed process leaves.</summary>
    [Fact]
    public async Task Write_WhoseLogWasRemoved_IsInTheFilesAllTheSame_AndSoIsWhatWasWrittenBefore()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var (path, copy) = (Path.Combine(_directory.Path, "data"), Path.Combine(_directory.Path, "copy"));
        using var database = Database.Open(path);
        var store = new MetaStore(database);
        await store.SetAsync("before", [1], CancellationToken.None);
        Assert.Equal([1], await store.FindAsync("before", CancellationToken.None));

        File.Delete(Path.Combine(path, Database.FileName + "-wal"));
        File.Delete(Path.Combine(path, Database.FileName + "-shm"));
        await store.SetAsync("after", [2], CancellationToken.None);
        await store.SetAsync("later", [3], CancellationToken.None);

        Assert.Null(database.Trouble);
        Assert.Equal([3], await store.FindAsync("later", CancellationToken.None));
        Directory.CreateDirectory(copy);
        foreach (var file in (string[])[Database.FileName, Database.FileName + "-wal"])
        {
            File.Copy(Path.Combine(path, file), Path.Combine(copy, file));
        }

        using var left = Database.Open(copy);
        var found = new MetaStore(left);
        Assert.Equal([1], await found.FindAsync("before", CancellationToken.None));
        Assert.Equal([2], await found.FindAsync("after", CancellationToken.None));
        Assert.Equal([3], await found.FindAsync("later", CancellationToken.None));
    }

    [Fact]
    public async Task Open_WhenTheLockOfARunningOneWasRemoved_StillFindsTheDirectoryTaken()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var database = Database.Open(_directory.Path);
        var store = new MetaStore(database);
        File.Delete(Path.Combine(_directory.Path, "funclimiter.lock"));
        await store.SetAsync("next", [1], CancellationToken.None);

        var failure = Assert.Throws<StorageException>(() => Database.Open(_directory.Path));

        Assert.Contains("Another FuncLimiter", failure.Message, StringComparison.Ordinal);
        await store.SetAsync("further", [2], CancellationToken.None);
    }

    [Fact]
    public async Task Write_WithoutRoom_SaysSo_AndGoesOnOnceThereIsSome()
    {
        using var database = Database.Open(_directory.Path);
        var store = new MetaStore(database);
        await SetMostPagesAsync(1);

        for (var i = 0; i < 3; i++)
        {
            var failure = await Assert.ThrowsAsync<StorageUnavailableException>(() => store.SetAsync("large", new byte[200_000], CancellationToken.None));
            Assert.Contains("is full", failure.Message, StringComparison.Ordinal);
            Assert.Contains("is full", database.Trouble, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<StorageUnavailableException>(database.ProbeAsync);
        await SetMostPagesAsync(1_000_000);
        await store.SetAsync("large", new byte[200_000], CancellationToken.None);
        await database.ProbeAsync();

        Assert.Null(database.Trouble);
        Assert.Null(await store.FindAsync("probe", CancellationToken.None));

        // Stands in for the size of the disk; no less than there are.
        Task SetMostPagesAsync(int pages) =>
            database.WriteAsync((connection, transaction) => connection.Execute($"PRAGMA max_page_count = {pages}", transaction: transaction), durable: false);
    }

    [Fact]
    public async Task ForgetLog_LeavesNothingOfWhatWasDeletedInAnyFile()
    {
        const string canary = "canary-of-a-prompt";
        using var database = Database.Open(_directory.Path);
        var prompt = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(canary, 5_000)));
        await new MetaStore(database).SetAsync("prompt", prompt, CancellationToken.None);
        Assert.True(IsAnywhere(canary));

        await database.WriteAsync((connection, transaction) => connection.Execute("DELETE FROM meta WHERE name = 'prompt'", transaction: transaction), durable: true);
        await database.ForgetLogAsync();

        Assert.False(IsAnywhere(canary));
    }

    [SmallDiskFact]
    public void Open_WhenTheDiskIsReadOnly_SaysSo_AndNotThatAnotherUsesIt()
    {
        var folder = Path.Combine(_directory.Path, "small");
        using var disk = SmallDisk.Mount(folder, megabytes: 3);
        Database.Open(folder).Dispose();
        disk.ProtectFromWriting();

        var refusal = Assert.Throws<StorageException>(() => Database.Open(folder));

        Assert.Contains("cannot be written", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Another", refusal.Message, StringComparison.Ordinal);
    }

    private bool IsAnywhere(string text) => Directory.EnumerateFiles(_directory.Path, Database.FileName + "*").Any(path =>
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file, System.Text.Encoding.Latin1);
        return reader.ReadToEnd().Contains(text, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.7)]
    public async Task Open_WhenTheFileWasCutShort_SaysSoAndWhatToDo(double kept)
    {
        await FillAsync();
        using (var file = File.OpenWrite(Path.Combine(_directory.Path, Database.FileName)))
        {
            file.SetLength((long)(file.Length * kept));
        }

        var refusal = Assert.Throws<StorageException>(() => Database.Open(_directory.Path));

        Assert.Contains(Database.FileName, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Restore a copy", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_WhenPagesWereOverwritten_SaysSoAndWhatToDo()
    {
        await FillAsync();
        using (var file = File.OpenWrite(Path.Combine(_directory.Path, Database.FileName)))
        {
            file.Position = file.Length / 2;
            file.Write(new byte[64 * 1024]);
        }

        var refusal = Assert.Throws<StorageException>(() => Database.Open(_directory.Path));

        Assert.Contains("is damaged", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Restore a copy", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_WhenTheLogIsTorn_KeepsEverythingBeforeTheTear()
    {
        using var database = Database.Open(_directory.Path);
        await new MetaStore(database).SetAsync("before", [1], CancellationToken.None);
        var whole = new FileInfo(Path.Combine(_directory.Path, Database.FileName + "-wal")).Length;
        await new MetaStore(database).SetAsync("torn", new byte[20_000], CancellationToken.None);
        using var image = _directory.Image();
        using (var log = File.OpenWrite(Path.Combine(image.Path, Database.FileName + "-wal")))
        {
            log.SetLength(whole + 5000);
        }

        using var after = Database.Open(image.Path);

        Assert.NotNull(await new MetaStore(after).FindAsync("before", CancellationToken.None));
        Assert.Null(await new MetaStore(after).FindAsync("torn", CancellationToken.None));
    }

    [Fact]
    public async Task Open_WhenAnEarlierVersionWroteIt_BringsItOverWithWhatItHolds()
    {
        SQLitePCL.Batteries_V2.Init();
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(_directory.Path, Database.FileName)};Pooling=False"))
        {
            connection.Open();
            Migrations.Apply(connection, form: 1);
            connection.Execute(
                """
                INSERT INTO jobs (id, tenant, is_list, accepted_at, total, fingerprint) VALUES ('j', 'acme', 0, 1, 1, x'00');
                INSERT INTO items (job, idx, tenant, priority, state, turn, deadline, path, body)
                  VALUES ('j', 0, 'acme', 1, 0, 5, 3155378975999999999, '/v1/chat/completions', x'7b7d');
                UPDATE counters SET value = 1 WHERE name = 'open';
                """);
        }

        using var database = Database.Open(_directory.Path);
        var taken = await new JobStore(database).TakeAsync(new JobSlots(10, 0, 0), DateTimeOffset.UtcNow, CancellationToken.None);

        var item = Assert.Single(taken.Items);
        Assert.Equal(("acme", "", "{}"), (item.Tenant, item.Call.Lane, System.Text.Encoding.UTF8.GetString(item.Call.Body.Span)));
        Assert.Equal(Migrations.Newest, await database.ReadAsync((connection, _) => connection.ExecuteScalar<int>("PRAGMA user_version")));
    }

    private async Task FillAsync()
    {
        using var database = Database.Open(_directory.Path);
        await Task.WhenAll(Enumerable.Range(0, 300).Select(n => new MetaStore(database).SetAsync($"n{n}", new byte[3000], CancellationToken.None)));
    }

    [Fact]
    public async Task Write_WhenOneOfAGroupFails_UndoesThatOneOnly()
    {
        using var database = Database.Open(_directory.Path);
        var writes = Enumerable.Range(0, 50).Select(n => database.WriteAsync(
            (connection, transaction) =>
            {
                connection.Execute("INSERT INTO meta VALUES (@name, x'00')", new { name = $"n{n}" }, transaction);
                return n % 5 == 0 ? throw new InvalidOperationException("no") : n;
            },
            durable: n % 2 == 0)).ToArray();

        await Task.WhenAll(writes.Select(async write => await Record.ExceptionAsync(() => write)));

        Assert.Equal(Enumerable.Range(0, 50).Where(n => n % 5 == 0), Enumerable.Range(0, 50).Where(n => writes[n].IsFaulted));
        Assert.All(writes.Where(write => write.IsFaulted), write => Assert.IsType<InvalidOperationException>(write.Exception!.InnerException));
        Assert.Equal(40, await database.ReadAsync((connection, _) => connection.ExecuteScalar<int>("SELECT COUNT(*) FROM meta")));
    }

    [Fact]
    public async Task Write_WhenDone_IsThereAfterAKill()
    {
        using var database = Database.Open(_directory.Path);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(n => new MetaStore(database).SetAsync($"n{n}", [(byte)n], CancellationToken.None)));

        using var image = _directory.Image();
        using var after = Database.Open(image.Path);

        Assert.Equal(200, await after.ReadAsync((connection, _) => connection.ExecuteScalar<int>("SELECT COUNT(*) FROM meta")));
        var value = await new MetaStore(after).FindAsync("n123", CancellationToken.None);
        Assert.Equal(123, Assert.Single(value!));
        Assert.Null(await new MetaStore(after).FindAsync("absent", CancellationToken.None));
    }

    [Fact]
    public async Task Write_WhenItMustSurviveAPowerCut_IsFlushedAndOthersAreNot()
    {
        using var database = Database.Open(_directory.Path);

        static int Synchronous(SqliteConnection connection, SqliteTransaction transaction) =>
            connection.ExecuteScalar<int>("PRAGMA synchronous", transaction: transaction);

        const int normal = 1, full = 2;
        Assert.Equal(full, await database.WriteAsync(Synchronous, durable: true));
        Assert.Equal(normal, await database.WriteAsync(Synchronous, durable: false));
    }

    [Fact]
    public async Task Read_WhenAWriteIsUnderWay_SeesTheStateBefore()
    {
        using var database = Database.Open(_directory.Path);
        using var written = new ManualResetEventSlim();
        using var read = new ManualResetEventSlim();
        var write = database.WriteAsync(
            (connection, transaction) =>
            {
                connection.Execute("INSERT INTO meta VALUES ('a', x'00')", transaction: transaction);
                written.Set();
                return read.Wait(TimeSpan.FromSeconds(30));
            },
            durable: false);
        written.Wait(TimeSpan.FromSeconds(30));

        var count = await database.ReadAsync((connection, _) => connection.ExecuteScalar<int>("SELECT COUNT(*) FROM meta"));
        read.Set();

        Assert.Equal(0, count);
        Assert.True(await write);
    }

    [Fact]
    public async Task Write_WhenTheDatabaseIsClosed_SaysSo()
    {
        var database = Database.Open(_directory.Path);
        database.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => database.WriteAsync((_, _) => 1, durable: false));
    }

    [Fact]
    public async Task Dispose_WhenWritesWait_MakesThemFirst()
    {
        var database = Database.Open(_directory.Path);
        var writes = Enumerable.Range(0, 100).Select(n => new MetaStore(database).SetAsync($"n{n}", [1], CancellationToken.None)).ToArray();

        database.Dispose();

        await Task.WhenAll(writes);
        using var after = Database.Open(_directory.Path);
        Assert.Equal(100, await after.ReadAsync((connection, _) => connection.ExecuteScalar<int>("SELECT COUNT(*) FROM meta")));
    }
}
