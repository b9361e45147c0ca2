using FuncLimiter.Core.Spending;
using FuncLimiter.Server.Storage;

namespace FuncLimiter.Server.Tests.Storage;

public sealed class SpendStoreTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Load_AfterAKill_GivesTheLatestOfEachBudgetWithoutThoseThatAreOver()
    {
        using var database = Database.Open(_directory.Path);
        var store = new SpendStore(database);
        await store.SaveAsync(new([State("run:acme/a", 1), State("run:acme/b", 2)], [], [Deposit("batch_1", 0), Deposit("batch_1", 1)], []));
        await store.SaveAsync(new([State("run:acme/a", 3)], ["run:acme/b"], [Deposit("batch_2", 0)], [("batch_1", 1)]));

        using var image = _directory.Image();
        using var after = Database.Open(image.Path);

        Assert.Equal([State("run:acme/a", 3)], new SpendStore(after).Load());
        Assert.Equivalent(new[] { Deposit("batch_1", 0), Deposit("batch_2", 0) }, new SpendStore(after).LoadDeposits(), strict: true);
    }

    private static SpendDeposit Deposit(string batch, int place) => new(batch, place, new(1, 2, 3), [new("run:acme/a", 4)]);

    private static SpendState State(string name, long cost) => new(name, 1, 2, 3, new(cost, 4, 5), new(6, 7, 8), 9, true, 10);
}
