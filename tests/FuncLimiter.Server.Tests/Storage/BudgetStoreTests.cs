using FuncLimiter.Core;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Server.Storage;

namespace FuncLimiter.Server.Tests.Storage;

public sealed class BudgetStoreTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Load_AfterAKill_GivesTheLatestOfEachBudgetWhole()
    {
        using var database = Database.Open(_directory.Path);
        var store = new BudgetStore(database);
        await store.SaveAsync([State("account:a", 1.5), State("deployment:a/m", 2)], CancellationToken.None);
        await store.SaveAsync([State("account:a", 1 / 3.0)], CancellationToken.None);

        using var image = _directory.Image();
        using var after = Database.Open(image.Path);
        var states = new BudgetStore(after).Load().OrderBy(state => state.Name).ToArray();

        Assert.Equivalent(new[] { State("account:a", 1 / 3.0), State("deployment:a/m", 2) }, states, strict: true);
    }

    [Fact]
    public void Load_WhenNothingWasSaved_IsEmpty()
    {
        using var database = Database.Open(_directory.Path);

        Assert.Empty(new BudgetStore(database).Load());
    }

    // What the store holds outlives the version that wrote it: members that came later are not in it.
    [Fact]
    public async Task Load_OfWhatAnOlderVersionKept_IsTakenUpByALimiter()
    {
        using var database = Database.Open(_directory.Path);
        await database.WriteAsync(
            (connection, transaction) =>
            {
                using var command = connection.CreateCommand();
                command.Transaction = transaction;
                command.CommandText = $$"""
                    INSERT INTO budgets (name, state) VALUES ('account:a',
                    CAST('{"Name":"account:a","Meters":[{"Dimension":0,"WindowTicks":{{TimeSpan.TicksPerMinute}},"AtTicks":5,"Used":3}],"CooldownUntilTicks":0}' AS BLOB))
                    """;
                return command.ExecuteNonQuery();
            },
            durable: true,
            CancellationToken.None);
        var now = Instant.From(DateTimeOffset.UnixEpoch.AddDays(1));
        var limiter = new Limiter(new()
        {
            Accounts = [new("a", [new Limit(Dimension.Requests, 5, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket)])],
            Deployments = [],
            Routes = [],
        });

        limiter.Restore(new BudgetStore(database).Load(), now);

        Assert.Equal("account:a", Assert.Single(limiter.Report(now).Budgets).Name);
    }

    private static BudgetState State(string name, double used) => new(
        name,
        [
            new MeterState(Dimension.Tokens, TimeSpan.TicksPerMinute, 639000000000000001, used) { EntryTicks = [1, 2, long.MaxValue], EntryAmounts = [0.1, used, 1e300] },
            new MeterState(Dimension.Concurrent, 0, 5, 3),
        ],
        long.MaxValue - 1);
}
