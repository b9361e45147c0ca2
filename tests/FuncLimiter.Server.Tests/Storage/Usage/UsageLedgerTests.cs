using Dapper;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Usage;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Server.Storage;
using FuncLimiter.Server.Storage.Usage;
using Microsoft.Extensions.Logging.Abstractions;

namespace FuncLimiter.Server.Tests.Storage.Usage;

public sealed class UsageLedgerTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly UsageQuery Hours = new(UsageGrain.Hour, Now.AddDays(-20), Now.AddHours(1));

    private static readonly UsageDimension[] AllDimensions = Enum.GetValues<UsageDimension>();

    private readonly TempDirectory _directory = new();
    private readonly Database _database;

    public UsageLedgerTests() => _database = Database.Open(_directory.Path);

    public void Dispose()
    {
        _database.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Stop_WritesEverythingThatWasRecorded()
    {
        using var ledger = Ledger();
        await ledger.StartAsync(CancellationToken.None);
        Parallel.For(0, 5000, n => ledger.Record(Entry("acme", "w", Now, 0.000_000_001m)));

        await ledger.StopAsync(CancellationToken.None);

        var total = (await ledger.QueryAsync(Hours, CancellationToken.None)).Total;
        Assert.Equal((5000, 50_000, 15_000, 35_000, 0.000_005m), (total.Calls, total.InputTokens, total.CachedTokens, total.OutputTokens, total.CostUsd));
        Assert.Equal(0, ledger.Lost);
        Assert.Equal(2, await RowsAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Answers_AreThoseOfSumsInMemory_WhateverIsAsked(int seed)
    {
        var chance = new Random(seed);
        var sums = new UsageSums(new UsageBounds());
        using var ledger = Ledger();
        await ledger.StartAsync(CancellationToken.None);
        for (var call = 0; call < 1_500; call++)
        {
            var record = AnyRecord(chance);
            sums.Add(record);
            ledger.Record(record);
        }

        await ledger.StopAsync(CancellationToken.None);
        for (var asked = 0; asked < 150; asked++)
        {
            var query = AnyQuery(chance, sums);
            var expected = UsageGrouping.Answer(query, sums.Of(query.Grain));
            var answer = await ledger.QueryAsync(query, CancellationToken.None);
            Assert.Equal(expected.Total, answer.Total);
            Assert.Equal(expected.HasMore, answer.HasMore);
            Assert.Equal(expected.Lines, answer.Lines);
        }
    }

    [Fact]
    public async Task Money_AddsUpBeyondWhatOneColumnHolds()
    {
        using var ledger = Ledger();
        await ledger.StartAsync(CancellationToken.None);
        for (var day = 0; day < 10; day++)
        {
            ledger.Record(Entry("acme", "w", Now.AddDays(-day), 5_000_000.000_000_000_001m));
        }

        await ledger.StopAsync(CancellationToken.None);

        Assert.Equal(50_000_000.000_000_000_010m, (await ledger.QueryAsync(Hours, CancellationToken.None)).Total.CostUsd);
    }

    [Fact]
    public async Task Sweep_ForgetsWhatIsOldEnough_AndTheOldestBeyondTheBound()
    {
        using var ledger = Ledger(new UsageConfiguration { KeepHours = TimeSpan.FromDays(2), KeepDays = TimeSpan.FromDays(4), MaxRows = 30 }, new StoppedTime(Now));
        for (var hour = 0; hour < 24 * 6; hour++)
        {
            ledger.Record(Entry("acme", "w", Now.AddHours(-hour), 1m));
        }

        // All of them in the first group, after which it sweeps.
        await ledger.StartAsync(CancellationToken.None);
        await ledger.StopAsync(CancellationToken.None);

        Assert.Equal(30, (await ledger.QueryAsync(Hours, CancellationToken.None)).Total.Calls);
        var days = await ledger.QueryAsync(new UsageQuery(UsageGrain.Day, Now.Date.AddDays(-20), Now.Date.AddDays(1)) { BySpan = true }, CancellationToken.None);
        Assert.Equal(5, days.Lines.Count);
    }

    [Fact]
    public void Record_WhenTheDiskCannotKeepUp_CountsWhatIsLostAndNeverBlocks()
    {
        using var ledger = Ledger();

        for (var n = 0; n < 65_536 + 10; n++)
        {
            ledger.Record(Entry("acme", "w", Now, null));
        }

        Assert.Equal(10, ledger.Lost);
    }

    [Fact]
    public async Task Record_WhenTheDatabaseIsClosed_CountsWhatIsLost()
    {
        using var ledger = Ledger();
        _database.Dispose();
        await ledger.StartAsync(CancellationToken.None);
        ledger.Record(Entry("acme", "w", Now, null));

        await ledger.StopAsync(CancellationToken.None);

        Assert.Equal(1, ledger.Lost);
    }

    [Fact]
    public async Task Open_OfADirectoryWithCallsOneByOne_SumsThemUp()
    {
        using var directory = new TempDirectory();
        var file = Path.Combine(directory.Path, Database.FileName);
        SQLitePCL.Batteries_V2.Init();
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={file};Pooling=False"))
        {
            connection.Open();
            Migrations.Apply(connection, 2);
            var row = "INSERT INTO usage VALUES (@at, 'acme', 'u', 'w', NULL, @run, 1, 'm', 0, @deployment, @status, @input, 3, 7, @cost, 5, 50, 1)";
            connection.Execute(row, new { at = Now.UtcTicks, run = "r1", deployment = "a/m", status = 200, input = 10, cost = (long?)2_000 });
            connection.Execute(row, new { at = Now.UtcTicks + 5, run = "r2", deployment = "a/m", status = 200, input = 10, cost = (long?)null });
            connection.Execute(row, new { at = Now.UtcTicks + 9, run = "r2", deployment = (string?)null, status = 429, input = 0, cost = (long?)null });
        }

        using var database = Database.Open(directory.Path);
        using var ledger = new UsageLedger(database, Configuration(new()), new StoppedTime(Now), NullLogger<UsageLedger>.Instance);

        var runs = await ledger.QueryAsync(Hours with { By = [UsageDimension.Run] }, CancellationToken.None);
        Assert.Equal([("r1", 1L), ("r2", 2L)], runs.Lines.Select(line => (line.Place.Labels[0], line.Totals.Calls)));
        Assert.Equal((3, 2, 1, 1, 0.000_002m), (runs.Total.Calls, runs.Total.Answered, runs.Total.Refused, runs.Total.Unpriced, runs.Total.CostUsd));
        var day = new UsageQuery(UsageGrain.Day, Now.Date, Now.Date.AddDays(1)) { By = [UsageDimension.Workflow] };
        Assert.Equal(20, (await ledger.QueryAsync(day, CancellationToken.None)).Total.InputTokens);
    }

    private static GatewayConfiguration Configuration(UsageConfiguration usage) => new() { Accounts = [], Routes = [], Usage = usage };

    private static UsageRecord AnyRecord(Random chance)
    {
        string? Name(string prefix, int most) => chance.Next(most) is > 0 and var name ? $"{prefix}{name}" : null;
        var status = chance.Next(8) switch { 0 => 429, 1 => 499, 2 => 503, _ => 200 };
        return Entry($"t{chance.Next(3)}", Name("w", 4), Now.AddMinutes(-chance.Next(60 * 24 * 3)), chance.Next(4) == 0 ? null : chance.Next(1_000_000) / 1_000_000_000m) with
        {
            Caller = new Caller($"t{chance.Next(3)}", Name("ü", 3), (Priority)chance.Next(3), Name("w", 4), Name("s", 3), Name("r", 9)),
            Deployment = status == 429 ? null : $"a{chance.Next(2)}/m/{chance.Next(2)}",
            Status = status,
            Tier = Name("tier", 3),
            IsBatch = chance.Next(5) == 0,
            InputCostUsd = 0.000_000_5m,
        };
    }

    private static UsageQuery AnyQuery(Random chance, UsageSums sums)
    {
        var grain = (UsageGrain)chance.Next(2);
        var dimensions = AllDimensions.OrderBy(_ => chance.Next()).Take(chance.Next(4)).ToArray();
        var from = grain.Floor(Now.AddHours(-chance.Next(80)));
        var query = new UsageQuery(grain, from, grain.Ceiling(from.AddHours(1 + chance.Next(80)))) { By = dimensions, BySpan = chance.Next(2) == 0, Limit = 1 + chance.Next(20) };
        if (chance.Next(2) == 0 && sums.Of(grain).ElementAt(chance.Next(20)) is var cell)
        {
            var dimension = AllDimensions[chance.Next(AllDimensions.Length)];
            query = query with { Where = new Dictionary<UsageDimension, string> { [dimension] = cell.Key[dimension] } };
        }

        if (chance.Next(3) == 0)
        {
            return query with { DearestFirst = true };
        }

        var first = UsageGrouping.Answer(query, sums.Of(grain));
        return first.HasMore && chance.Next(2) == 0 ? query with { After = first.Lines[^1].Place } : query;
    }

    private static UsageRecord Entry(string tenant, string? workflow, DateTimeOffset at, decimal? cost) => new(
        at,
        new Caller(tenant, "u", Priority.Standard, workflow, "s", "r"),
        "m",
        Operation.ChatCompletions,
        "a/m",
        200,
        new TokenUsage(10, 7, 3),
        cost,
        TimeSpan.FromMilliseconds(5),
        TimeSpan.FromMilliseconds(50),
        1);

    private UsageLedger Ledger(UsageConfiguration? usage = null, TimeProvider? time = null) =>
        new(_database, Configuration(usage ?? new()), time ?? new StoppedTime(Now), NullLogger<UsageLedger>.Instance);

    private Task<int> RowsAsync() =>
        _database.ReadAsync((connection, transaction) => connection.ExecuteScalar<int>("SELECT COUNT(*) FROM usage_sums", transaction: transaction));

    private sealed class StoppedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
