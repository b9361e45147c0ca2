using FuncLimiter.Core.Spending;
using FuncLimiter.Gateway.Calls.Spending;

namespace FuncLimiter.Gateway.Tests.Usage;

/// <summary>What is held for calls in batches is stored before they go, with the budgets that hold it.</summary>
public sealed class SpendDepositStoreTests
{
    private static readonly SpendCap Day = new(SpendSubject.Tenant, SpendPeriod.Day, new(100, SpendAmount.Unbounded, SpendAmount.Unbounded));
    private static readonly SpendCall Call = new(new SpendParty("acme", null, null, null), "openai-1", "gpt-x");

    private readonly VirtualTime _time = new();
    private readonly Store _store = new();

    [Fact]
    public async Task Deposit_IsStoredWithItsBudget_AndGoneWithItsEnd()
    {
        var desk = Desk();
        Assert.True(await DepositAsync(desk, 0, 60));
        var (spent, deposit) = (Assert.Single(_store.States.Values).Spent, Assert.Single(_store.Deposits.Values));

        desk.EndDeposit("batch", 0, Cost(20));
        await desk.StoreAsync();

        Assert.Equal((60, Cost(60)), (spent.Cost, deposit.Amount));
        Assert.Equal((20, 0), (Assert.Single(_store.States.Values).Spent.Cost, _store.Deposits.Count));
    }

    [Fact]
    public async Task Deposit_ThatDoesNotFitOrCanNotBeStored_IsNotHeld()
    {
        var desk = Desk();
        Assert.True(await DepositAsync(desk, 0, 60));
        Assert.False(await DepositAsync(desk, 1, 50));
        _store.IsFull = true;

        Assert.False(await DepositAsync(desk, 2, 10));

        Assert.Equal(60, Assert.Single(desk.Report(10)).Held.Cost);
        _store.IsFull = false;
        await desk.StoreAsync();
        Assert.Equal((60, 1), (Assert.Single(_store.States.Values).Spent.Cost, _store.Deposits.Count));
    }

    [Fact]
    public async Task NextProcess_HoldsWhatTheOneBeforeHeld_AndAsksNothingOfItTwice()
    {
        var before = Desk();
        await DepositAsync(before, 0, 60);
        await DepositAsync(before, 1, 40);

        var desk = Desk();
        desk.Restore();
        Assert.True(await DepositAsync(desk, 0, 60));
        Assert.Equal(["batch"], desk.Depositors);
        desk.EndDeposit("batch", 0, Cost(25));
        desk.EndDeposits("batch", isSpent: false);

        var report = Assert.Single(desk.Report(10));
        Assert.Equal((25, 0), (report.Spent.Cost, report.Held.Cost));
        Assert.Empty(desk.Depositors);
    }

    [Fact]
    public async Task EndInTheNextPeriod_LeavesWhatIsStoredOfThatAlone()
    {
        var desk = Desk();
        await DepositAsync(desk, 0, 60);
        _time.Advance(TimeSpan.FromDays(1));
        await DepositAsync(desk, 1, 70);

        desk.EndDeposit("batch", 0, Cost(60));
        await desk.StoreAsync();

        Assert.Equal(70, Assert.Single(_store.States.Values).Spent.Cost);
        var next = Desk();
        next.Restore();
        Assert.Equal(70, Assert.Single(next.Report(10)).Held.Cost);
    }

    private static SpendAmount Cost(long nano) => new(nano, 0, 0);

    private static async Task<bool> DepositAsync(SpendDesk desk, int place, long nano)
    {
        var deposit = desk.DepositAsync("batch", place, Call, Cost(nano));
        try
        {
            await desk.StoreAsync();
        }
        catch (IOException)
        {
        }

        return await deposit;
    }

    private SpendDesk Desk() => new(new SpendBook([Day]), _time, _store);

    private sealed class Store : ISpendStore
    {
        public Dictionary<string, SpendState> States { get; } = [];

        public Dictionary<(string Owner, int Place), SpendDeposit> Deposits { get; } = [];

        public bool IsFull { get; set; }

        public IReadOnlyList<SpendState> Load() => [.. States.Values];

        public IReadOnlyList<SpendDeposit> LoadDeposits() => [.. Deposits.Values];

        public Task SaveAsync(SpendChanges changes)
        {
            if (IsFull)
            {
                throw new IOException("full");
            }

            foreach (var name in changes.Over)
            {
                States.Remove(name);
            }

            foreach (var state in changes.States)
            {
                States[state.Name] = state;
            }

            foreach (var ended in changes.Ended)
            {
                Deposits.Remove(ended);
            }

            foreach (var deposit in changes.Deposits)
            {
                Deposits[(deposit.Owner, deposit.Place)] = deposit;
            }

            return Task.CompletedTask;
        }
    }
}
