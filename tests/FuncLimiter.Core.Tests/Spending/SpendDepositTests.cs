using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Spending;

namespace FuncLimiter.Core.Tests.Spending;

/// <summary>What is held for calls that are answered hours later: in one process, stored, and where instances share a budget.</summary>
public class SpendDepositTests
{
    private static readonly Instant Noon = Instant.From(DateTimeOffset.Parse("2026-03-11T12:00:00Z", System.Globalization.CultureInfo.InvariantCulture));
    private static readonly SpendAmount Hundred = new(100, SpendAmount.Unbounded, SpendAmount.Unbounded);
    private static readonly SpendCap Day = new(SpendSubject.Tenant, SpendPeriod.Day, Hundred);
    private static readonly SpendParty Acme = new("acme", null, null, null);

    [Fact]
    public void Call_DoesNotWaitForWhatADepositHolds_ButForWhatACallHolds()
    {
        var book = new SpendBook([Day]);
        Assert.NotNull(SpendBook.Reserve(book.Find(Acme, Noon), Cost(60), false, Noon, isDeposit: true).Hold);

        var refused = SpendBook.Reserve(book.Find(Acme, Noon), Cost(50), false, Noon);
        Assert.NotNull(SpendBook.Reserve(book.Find(Acme, Noon), Cost(40), false, Noon).Hold);
        var waits = SpendBook.Reserve(book.Find(Acme, Noon), Cost(30), false, Noon);

        Assert.Equal((null, false), (refused.Hold, refused.MayFit));
        Assert.Equal((null, true), (waits.Hold, waits.MayFit));
    }

    [Fact]
    public void Deposit_OfAnEarlierProcess_IsHeldAgain_AndSettledByWhatWasUsed()
    {
        var before = new SpendBook([Day]);
        SpendBook.Settle(SpendBook.Reserve(before.Find(Acme, Noon), Cost(10), false, Noon).Hold!, Cost(10), Noon);
        SpendBook.Reserve(before.Find(Acme, Noon), Cost(60), false, Noon, isDeposit: true);
        var account = Assert.Single(before.Accounts);

        var book = new SpendBook([Day]);
        book.Restore([account.Save()], Noon);
        var hold = book.Restore(new SpendDeposit("batch", 0, Cost(60), [new(account.Name, account.EndsAt.Ticks)]));

        var again = Assert.Single(book.Accounts);
        Assert.Equal((Cost(10), Cost(60)), (again.Spent, again.Held));
        SpendBook.Settle(hold, Cost(25), Noon);
        SpendBook.Settle(hold, Cost(25), Noon);
        Assert.Equal((Cost(35), SpendAmount.None, 65), (again.Spent, again.Held, again.Left.Cost));
    }

    [Fact]
    public void Deposit_OfAPeriodThatIsOver_LeavesTheNextOneAlone()
    {
        var before = new SpendBook([Day]);
        SpendBook.Reserve(before.Find(Acme, Noon), Cost(60), false, Noon, isDeposit: true);
        var account = Assert.Single(before.Accounts);
        var tomorrow = Noon + TimeSpan.FromDays(1);

        var book = new SpendBook([Day]);
        book.Restore([account.Save()], tomorrow);
        var next = Assert.Single(book.Find(Acme, tomorrow));
        SpendBook.Settle(book.Restore(new SpendDeposit("batch", 0, Cost(60), [new(account.Name, account.EndsAt.Ticks)])), Cost(25), tomorrow);

        Assert.Equal((SpendAmount.None, 100), (next.Spent + next.Held, next.Left.Cost));
    }

    [Fact]
    public void Book_KnowsWhichPeriodABudgetsNameStandsFor()
    {
        var book = new SpendBook([Day]);
        var today = Assert.Single(book.Find(Acme, Noon));
        Assert.True(book.IsCurrent(today));

        var next = Assert.Single(book.Find(Acme, Noon + TimeSpan.FromDays(1)));

        Assert.Equal((today.Name, false, true), (next.Name, book.IsCurrent(today), book.IsCurrent(next)));
    }

    [Fact]
    public void Owner_HoldsADepositOnce_ThatFitsBesideWhatInstancesHave()
    {
        var state = SpendOwner.Answer(Day, null, new SpendAsk("day:tenant:acme", "a.0", 1, SpendAmount.None, Cost(50), SpendAmount.None, false), Noon);

        state = SpendOwner.Deposit(Day, state, Ask("big", Cost(51)), Noon);
        state = SpendOwner.Deposit(Day, state, Ask("small", Cost(40)), Noon);
        state = SpendOwner.Deposit(Day, state, Ask("small", Cost(40)), Noon);

        Assert.Equal(["small"], state.Deposits.Keys);
        Assert.Equal((90, 3), (SpendOwner.Taken(state).Cost, state.DepositAsks.Count));
        Assert.Equal(Cost(10), SpendOwner.Answer(Day, state, new SpendAsk("day:tenant:acme", "b.0", 1, SpendAmount.None, Cost(50), SpendAmount.None, false), Noon).Holders["b.0"].Granted);
    }

    [Fact]
    public void Owner_PutsWhatWasUsedInTheDepositsPlace_Once()
    {
        var state = SpendOwner.Deposit(Day, null, Ask("job", Cost(40)), Noon);

        state = SpendOwner.End(Day, state, new SpendDepositEnd("day:tenant:acme", "job", Cost(15)), Noon);
        state = SpendOwner.End(Day, state, new SpendDepositEnd("day:tenant:acme", "job", Cost(15)), Noon);

        Assert.Equal((0, Cost(15)), (state.Deposits.Count, state.Spent));
        Assert.Empty(SpendOwner.Deposit(Day, state, Ask("job", Cost(40)), Noon).Deposits);
        state = SpendOwner.Deposit(Day, state, Ask("other", Cost(40)), Noon);
        Assert.Equal(Cost(55), SpendOwner.End(Day, state, new SpendDepositEnd("day:tenant:acme", "other", null), Noon).Spent);
    }

    [Fact]
    public void Owner_CountsADepositThatNobodyEndedAsSpent_AndKeepsItsRun()
    {
        var cap = new SpendCap(SpendSubject.Run, SpendPeriod.Run, Hundred);
        var until = Noon + TimeSpan.FromDays(9);
        var state = SpendOwner.Deposit(cap, null, new SpendDepositAsk("run:acme/r", "job", "1", Cost(40), until.Ticks), Noon);

        Assert.False(SpendOwner.IsOver(state, Noon + TimeSpan.FromDays(8)));
        var late = SpendOwner.End(cap, state, new SpendDepositEnd("run:acme/r", "job", SpendAmount.None), until);

        Assert.Equal((0, Cost(40)), (late.Deposits.Count, late.Spent));
    }

    [Fact]
    public void Owner_HoldsNothingForARunWhoseTimeIsOver()
    {
        var cap = new SpendCap(SpendSubject.Run, SpendPeriod.Run, Hundred) { Longest = TimeSpan.FromHours(1) };
        var state = SpendOwner.Deposit(cap, null, new SpendDepositAsk("run:acme/r", "first", "1", Cost(10), Instant.Never.Ticks), Noon);

        state = SpendOwner.Deposit(cap, state, new SpendDepositAsk("run:acme/r", "late", "2", Cost(10), Instant.Never.Ticks), Noon + TimeSpan.FromHours(1));

        Assert.Equal(["first"], state.Deposits.Keys);
    }

    private static SpendAmount Cost(long nano) => new(nano, 0, 0);

    private static SpendDepositAsk Ask(string id, SpendAmount amount) =>
        new("day:tenant:acme", id, Guid.NewGuid().ToString("N"), amount, (Noon + TimeSpan.FromDays(2)).Ticks);
}
