using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Spending;

namespace FuncLimiter.Core.Tests.Spending;

/// <summary>Spending budgets: all or none held before a call, what it came to after it, a new one when its time is over.</summary>
public class SpendBookTests
{
    private const long Dollar = 1_000_000_000;
    private static readonly Instant Noon = At("2026-03-11T12:00:00Z");

    [Fact]
    public void Reserve_ByManyCallsOfOneRun_NeverHoldsMoreThanItsCap()
    {
        var random = new Random(7);
        var book = new SpendBook([Run(Dollar)]);
        var open = new List<(SpendHold Hold, SpendAmount Amount)>();
        var spent = 0L;
        for (var step = 0; step < 5_000; step++)
        {
            if (random.Next(2) == 0 && open.Count < 50)
            {
                var amount = new SpendAmount(random.Next(1, 40_000_000), 0, 1);
                if (SpendBook.Reserve(Find(book, "r"), amount, false, Noon).Hold is { } hold)
                {
                    open.Add((hold, amount));
                }
            }
            else if (open.Count > 0)
            {
                var at = random.Next(open.Count);
                var used = (long)(open[at].Amount.Cost * random.NextDouble());
                SpendBook.Settle(open[at].Hold, new SpendAmount(used, 0, 1), Noon);
                spent += used;
                open.RemoveAt(at);
            }

            var run = Assert.Single(book.Accounts);
            Assert.Equal(open.Sum(call => call.Amount.Cost), run.Held.Cost);
            Assert.Equal(spent, run.Spent.Cost);
            Assert.True(run.Spent.Cost + run.Held.Cost <= Dollar);
        }

        Assert.True(spent > Dollar * 9 / 10);
    }

    [Fact]
    public void Reserve_WhenOneBudgetLacksRoom_HoldsNothingOfTheOthers()
    {
        var book = new SpendBook([new(SpendSubject.Tenant, SpendPeriod.Day, Calls(100)), Run(long.MaxValue / 4) with { Limit = Calls(1) }]);
        Assert.NotNull(SpendBook.Reserve(Find(book, "r"), new(1, 1, 1), false, Noon).Hold);

        var refused = SpendBook.Reserve(Find(book, "r"), new(1, 1, 1), false, Noon);

        Assert.Equal("run:acme/r", refused.Binds!.Name);
        Assert.Equal(Dimension.Requests, refused.Dimension);
        Assert.Equal(1, book.Accounts.Single(account => account.Name == "day:tenant:acme").Held.Calls);
    }

    [Fact]
    public void Reserve_WhileOnlyCallsUnderWayTakeTheRoom_SaysThatItMayFitLater()
    {
        var book = new SpendBook([Run(10)]);
        var first = SpendBook.Reserve(Find(book, "r"), new(8, 0, 1), false, Noon).Hold!;
        Assert.True(SpendBook.Reserve(Find(book, "r"), new(5, 0, 1), false, Noon).MayFit);

        SpendBook.Settle(first, new(7, 0, 1), Noon);

        Assert.False(SpendBook.Reserve(Find(book, "r"), new(5, 0, 1), false, Noon).MayFit);
        Assert.NotNull(SpendBook.Reserve(Find(book, "r"), new(3, 0, 1), false, Noon).Hold);
    }

    [Fact]
    public void ClosingCall_MayUseWhatIsKeptForIt_Once()
    {
        var book = new SpendBook([Run(100) with { KeptForClosing = 0.2 }]);
        SpendBook.Settle(SpendBook.Reserve(Find(book, "r"), new(80, 0, 1), false, Noon).Hold!, new(80, 0, 1), Noon);
        Assert.Null(SpendBook.Reserve(Find(book, "r"), new(1, 0, 1), false, Noon).Hold);

        var failed = SpendBook.Reserve(Find(book, "r"), new(30, 0, 1), true, Noon).Hold!;
        SpendBook.Settle(failed, SpendAmount.None, Noon);
        var closing = SpendBook.Reserve(Find(book, "r"), new(30, 0, 1), true, Noon).Hold!;
        SpendBook.Settle(closing, new(30, 0, 1), Noon);

        Assert.Null(SpendBook.Reserve(Find(book, "r"), new(1, 0, 1), true, Noon).Hold);
        Assert.Equal(110, book.Accounts.Single().Spent.Cost);
    }

    [Fact]
    public void Run_LastsAsLongAsItMay_AndLongerWhenSomebodyGivesItTime()
    {
        var book = new SpendBook([Run(100) with { Longest = TimeSpan.FromMinutes(10) }]);
        Assert.NotNull(SpendBook.Reserve(Find(book, "r"), new(1, 0, 1), false, Noon).Hold);
        var late = Noon + TimeSpan.FromMinutes(11);
        Assert.True(SpendBook.Reserve(book.Find(Party("r"), late), new(1, 0, 1), false, late).IsOutOfTime);

        Assert.NotNull(book.Raise("run:acme/r", SpendAmount.None, TimeSpan.FromMinutes(5), late));

        Assert.NotNull(SpendBook.Reserve(book.Find(Party("r"), late), new(1, 0, 1), false, late).Hold);
    }

    [Fact]
    public void SoftBudget_RefusesNothing_AndCountsAll()
    {
        var book = new SpendBook([new SpendCap(SpendSubject.Tenant, SpendPeriod.Day, Calls(1)) { IsSoft = true }]);
        for (var call = 0; call < 5; call++)
        {
            SpendBook.Settle(SpendBook.Reserve(Find(book, null), new(1, 1, 1), false, Noon).Hold!, new(1, 1, 1), Noon);
        }

        Assert.Equal(("warn:day:tenant:acme", 5), (book.Accounts.Single().Name, book.Accounts.Single().Spent.Calls));
    }

    [Fact]
    public void NamedBudget_CountsInPlaceOfTheOneForEach()
    {
        var book = new SpendBook([
            new SpendCap(SpendSubject.User, SpendPeriod.Day, Calls(1)),
            new SpendCap(SpendSubject.User, SpendPeriod.Day, Calls(3)) { Name = "ann" },
        ]);

        Assert.Equal(3, Assert.Single(book.Find(new("acme", "ann", null, null), Noon)).Limit.Calls);
        Assert.Equal(1, Assert.Single(book.Find(new("acme", "bob", null, null), Noon)).Limit.Calls);
    }

    [Theory]
    [InlineData(SpendPeriod.Hour, "UTC", "2026-03-11T12:40:00Z", "2026-03-11T12:00:00Z", "2026-03-11T13:00:00Z")]
    [InlineData(SpendPeriod.Hour, "Asia/Kolkata", "2026-03-11T12:40:00Z", "2026-03-11T12:30:00Z", "2026-03-11T13:30:00Z")]
    [InlineData(SpendPeriod.Day, "Europe/Berlin", "2026-03-28T23:30:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")]
    [InlineData(SpendPeriod.Week, "UTC", "2026-03-15T23:00:00Z", "2026-03-09T00:00:00Z", "2026-03-16T00:00:00Z")]
    [InlineData(SpendPeriod.Month, "America/New_York", "2026-11-30T23:00:00Z", "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z")]
    public void Period_FollowsTheCalendarOfItsTimeZone(SpendPeriod period, string zone, string at, string start, string end) =>
        Assert.Equal((At(start), At(end)), CalendarPeriod.Of(period, TimeZoneInfo.FindSystemTimeZoneById(zone), At(at)));

    [Fact]
    public void Budget_IsGivenAnew_WhenItsPeriodIsOver()
    {
        var book = new SpendBook([new SpendCap(SpendSubject.Tenant, SpendPeriod.Month, Calls(1))]);
        Assert.NotNull(SpendBook.Reserve(Find(book, null), new(1, 1, 1), false, Noon).Hold);
        Assert.Null(SpendBook.Reserve(Find(book, null), new(1, 1, 1), false, Noon).Hold);

        var april = At("2026-04-01T00:00:00Z");

        Assert.NotNull(SpendBook.Reserve(book.Find(Party(null), april), new(1, 1, 1), false, april).Hold);
    }

    [Fact]
    public void Restore_CountsWhatWasHeldAsSpent_AndForgetsWhatIsOver()
    {
        SpendCap[] caps = [Run(100), new(SpendSubject.Tenant, SpendPeriod.Day, Calls(10))];
        var before = new SpendBook(caps);
        SpendBook.Settle(SpendBook.Reserve(Find(before, "r"), new(30, 0, 1), false, Noon).Hold!, new(20, 0, 1), Noon);
        Assert.NotNull(SpendBook.Reserve(Find(before, "r"), new(40, 0, 1), false, Noon).Hold);
        Assert.NotNull(before.Raise("run:acme/r", new(7, 0, 0), TimeSpan.Zero, Noon));
        SpendState[] states = [.. before.Accounts.Select(account => account.Save())];
        var tomorrow = Noon + TimeSpan.FromDays(1);

        var after = new SpendBook(caps);
        after.Restore(states, tomorrow);

        var run = Assert.Single(after.Find(Party("r"), tomorrow), account => account.Cap.For == SpendSubject.Run);
        Assert.Equal((60, 107), (run.Spent.Cost, run.Limit.Cost));
        Assert.DoesNotContain(after.Accounts, account => account.Spent.Calls > 0 && account.Cap.For == SpendSubject.Tenant);
    }

    [Fact]
    public void Caps_WhenChanged_KeepWhatIsSpent()
    {
        var book = new SpendBook([Run(100)]);
        SpendBook.Settle(SpendBook.Reserve(Find(book, "r"), new(100, 0, 1), false, Noon).Hold!, new(100, 0, 1), Noon);

        book.Caps = [Run(150)];

        Assert.Null(SpendBook.Reserve(Find(book, "r"), new(51, 0, 1), false, Noon).Hold);
        Assert.NotNull(SpendBook.Reserve(Find(book, "r"), new(50, 0, 1), false, Noon).Hold);
    }

    [Fact]
    public void OneTenantsFloodOfNames_TakesNoBudgetFromAnother()
    {
        var book = new SpendBook([Run(100), new(SpendSubject.User, SpendPeriod.Month, Calls(2))], mostOfTenant: 20);
        SpendBook.Settle(SpendBook.Reserve(book.Find(new("globex", "gus", null, "g"), Noon), new(90, 0, 1), false, Noon).Hold!, new(90, 0, 1), Noon);
        for (var name = 0; name < 500; name++)
        {
            var hold = SpendBook.Reserve(book.Find(new("acme", $"user-{name}", null, $"run-{name}"), Noon + TimeSpan.FromSeconds(name)), new(1, 0, 1), false, Noon).Hold;
            if (hold is not null)
            {
                SpendBook.Settle(hold, new(1, 0, 1), Noon);
            }
        }

        Assert.True(book.Accounts.Count <= 50);
        Assert.Contains(book.Accounts, account => account.Name == "month:user:acme/(other)");
        Assert.Null(SpendBook.Reserve(book.Find(new("globex", "gus", null, "g"), Noon), new(20, 0, 1), false, Noon).Hold);
    }

    private static SpendCap Run(long cost) => new(SpendSubject.Run, SpendPeriod.Run, new(cost, SpendAmount.Unbounded, SpendAmount.Unbounded));

    private static SpendAmount Calls(long calls) => new(SpendAmount.Unbounded, SpendAmount.Unbounded, calls);

    private static SpendParty Party(string? run) => new("acme", null, null, run);

    private static List<SpendAccount> Find(SpendBook book, string? run) => book.Find(Party(run), Noon);

    private static Instant At(string time) => Instant.From(DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture));
}
