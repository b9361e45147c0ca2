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

    private static BudgetState State(string name, double used) => new(
        name,
        [
            new MeterState(Dimension.Tokens, TimeSpan.TicksPerMinute, 639000000000000001, used) { EntryTicks = [1, 2, long.MaxValue], EntryAmounts = [0.1, used, 1e300] },
            new MeterState(Dimension.Concurrent, 0, 5, 3),
        ],
        long.MaxValue - 1);
}
