using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Leasing;

public class LeaseBookTests
{
    private static readonly Instant Start = Instant.From(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private static readonly LeasePolicy Policy = new() { MaxInstances = 3, MaxDemands = 2 };
    private static readonly Limit Bucket = new(Dimension.Tokens, 6_000, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket);
    private static readonly Limit Window = new(Dimension.Tokens, 6_000, TimeSpan.FromMinutes(1), LimitAlgorithm.Sliding);
    private static readonly Limit Places = new(Dimension.Concurrent, 10, TimeSpan.Zero, LimitAlgorithm.Concurrency);

    /// <summary>The numbers of the example at <see cref="LeaseBook"/>.</summary>
    [Fact]
    public void ASecondInstance_GetsWhatTheBookKept_ThenItsShare_OnceTheFirstIsKnownToGoByLess()
    {
        var book = Book(Bucket);
        var (a, b) = (new LeaseHold("a", [Bucket], Policy), new LeaseHold("b", [Bucket], Policy));
        var advance = Exchange(book, a, Start);
        Assert.Equal(new LeaseLine(400, 0, 400), advance.Lines[0]);
        Assert.Equal(Start + Policy.FirstRefresh, advance.AskAgainAt);
        var later = advance.AskAgainAt;
        Assert.Equal(new LeaseLine(5_000, 100, 5_400), Round(Exchange(book, a, later).Lines[0]));
        Assert.Equal(new LeaseLine(300, 0, 300), Round(Exchange(book, b, later).Lines[0]));

        later += Policy.MinRefresh;
        Assert.Equal(50, Exchange(book, a, later).Lines[0].Rate);
        Assert.Equal(0, Exchange(book, b, later).Lines[0].Rate);
        later += Policy.MinRefresh;
        Exchange(book, a, later);

        var share = Exchange(book, b, later).Lines[0];
        Assert.Equal(50, share.Rate, 1e-6);
        Assert.Equal(2_700, share.Capacity, 1e-6);
    }

    [Fact]
    public void InstancesThatBeginAtOnce_HaveTheirSharesWithTheSecondAnswer()
    {
        var book = Book(Bucket);
        LeaseHold[] holds = [.. Enumerable.Range(0, Policy.MaxInstances).Select(i => new LeaseHold("i" + i, [Bucket], Policy))];
        var advances = holds.Select(hold => Exchange(book, hold, Start)).ToArray();
        Assert.All(advances, advance => Assert.Equal(0, advance.Lines[0].Rate));
        Assert.All(advances, advance => Assert.True(advance.Lines[0].Grant >= 100));

        var shares = holds.Select(hold => Exchange(book, hold, Start + Policy.FirstRefresh)).ToArray();

        Assert.All(shares, share => Assert.Equal(100.0 / holds.Length, share.Lines[0].Rate, 1e-6));
    }

    [Fact]
    public void ARateALittleAboveItsTarget_IsKeptWhileNobodyWaitsForIt()
    {
        var book = Book(Bucket);
        var (a, b) = (new LeaseHold("a", [Bucket], Policy), new LeaseHold("b", [Bucket], Policy));
        Exchange(book, a, Start);
        Exchange(book, b, Start);
        var later = Start + Policy.FirstRefresh;
        Assert.Equal((50, 50), (Exchange(book, a, later).Lines[0].Rate, Exchange(book, b, later).Lines[0].Rate));

        Assert.Equal(50, Exchange(book, b, later + Policy.RefreshEvery, wants: 95).Lines[0].Rate);
        Assert.Equal(100 * 20 / 120.0, Exchange(book, b, later + 2 * Policy.RefreshEvery, wants: 20).Lines[0].Rate, 1e-6);
    }

    [Fact]
    public void TheMoreInstances_TheLongerEachWaitsBeforeItAsksOutOfNeed()
    {
        var policy = new LeasePolicy();
        Assert.Equal(policy.MinRefresh, policy.PauseOf(3));
        Assert.Equal(TimeSpan.FromSeconds(5), policy.PauseOf(50));
        Assert.Equal(policy.RefreshEvery, policy.PauseOf(1_000));
    }

    /// <summary>A call of a unit each: at 100 a second an instance is to ask every other second.</summary>
    [Fact]
    public void BusyInstances_AskTheMoreOften_AndTheirLeasesAreTheShorter_ButEndNoEarlierThanThoseBefore()
    {
        var book = Book(Bucket);
        var (lease, used, now) = (book.Ask(AskOf("a", 1), Start), 0.0, Start);
        var ends = Start;
        for (var i = 2; i < 12; i++)
        {
            Assert.True(lease.ExpiresAt >= ends);
            (now, used, ends) = (now + TimeSpan.FromSeconds(2), used + 200, lease.ExpiresAt);
            lease = book.Ask(AskOf("a", i) with { Holds = lease.Number, Lapsed = false, Lines = [Report(used)] }, now);
        }

        Assert.Equal(2, (lease.AskAgainAt - now).TotalSeconds, 0.1);
        Assert.Equal(2 + 2 * Policy.AnswerWithin.TotalSeconds, (lease.ExpiresAt - now).TotalSeconds, 0.1);
    }

    [Fact]
    public void AnAskThatIsNotNewer_GetsTheSameAnswer_AndChangesNothing()
    {
        var book = Book(Bucket);
        var ask = AskOf("a", 2);
        var answer = book.Ask(ask, Start);
        var state = JsonSerializer.Serialize(book.Save());

        Assert.Same(answer, book.Ask(ask, Start));
        Assert.Same(answer, book.Ask(ask with { Sequence = 1, ClosedFor = TimeSpan.FromHours(1) }, Start));
        Assert.Equal(state, JsonSerializer.Serialize(book.Save()));
    }

    [Theory]
    [InlineData(0.0, false)]
    [InlineData(-0.001, false)]
    [InlineData(0.1, true)]
    public void WhatAnInstanceHolds_IsLentAgain_NotBeforeItsLeaseAndTheClockMarginAreOver(double secondsAfterEnd, bool isLent)
    {
        var book = Book(Bucket);
        var first = book.Ask(AskOf("a", 1), Start);
        var held = book.Ask(AskOf("a", 2) with { Holds = first.Number }, Start);
        Assert.Equal(100, held.Lines[0].Rate);
        var second = book.Ask(AskOf("b", 1), held.ExpiresAt);

        var lent = book.Ask(AskOf("b", 2) with { Holds = second.Number }, held.ExpiresAt + TimeSpan.FromSeconds(secondsAfterEnd));

        Assert.Equal(isLent, lent.Lines[0].Rate > 0);
    }

    /// <summary>1,000 are used after a second, 500 after seven, and told after eight; or after sixteen, where the first telling is lost.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void UseOfAWindow_CountsFromWhenItWasUsed_HoweverLateItIsTold(bool isLost)
    {
        var (book, hold) = (Book(Window), new LeaseHold("a", [Window], Policy));
        Instant At(double seconds) => Start + TimeSpan.FromSeconds(seconds);
        Exchange(book, hold, Start);
        hold.Take(Tokens(1_000), At(1));
        hold.Take(Tokens(500), At(7));
        var told = At(isLost ? 16 : 8);
        if (isLost)
        {
            hold.Ask([], Tokens(100), At(8));
        }

        Exchange(book, hold, told);
        book.Ask(hold.Leave(told), told);

        Assert.Equal(4_500, Free(60.9), 1e-6);
        Assert.Equal(5_500, Free(61.2), 1e-6);
        Assert.Equal(5_500, Free(66.9), 1e-6);
        Assert.Equal(6_000, Free(67.2), 1e-6);

        double Free(double seconds)
        {
            var copy = Book(Window);
            Assert.True(copy.TryRestore(book.Save()));
            return copy.Ask(AskOf("x", 1) with { Demands = [Demand(perSecond: 1e6)] }, At(seconds)).Lines[0].Grant;
        }
    }

    [Fact]
    public void AnUntoldLease_CountsAsSpent_OfWindowsUntilTheyPass()
    {
        var book = Book(Window);
        var held = book.Ask(AskOf("a", 1), Start);
        var end = held.ExpiresAt + Policy.ClockMargin;

        Assert.True(held.Lines[0].Grant > 1_000);
        Assert.Equal(6_000 - held.Lines[0].Grant, GrantedInAll(end), 1e-6);
        Assert.Equal(6_000, GrantedInAll(end + Window.Window), 1e-6);

        double GrantedInAll(Instant at)
        {
            book.Ask(AskOf("x", at.Ticks) with { Leaving = true }, at);
            var lease = book.Ask(AskOf("y", at.Ticks), at);
            var rest = book.Ask(AskOf("z", at.Ticks), at);
            book.Ask(AskOf("y", at.Ticks + 1) with { Leaving = true, Holds = lease.Number, Lines = [Report(level: lease.Lines[0].Grant)] }, at);
            book.Ask(AskOf("z", at.Ticks + 1) with { Leaving = true, Holds = rest.Number, Lines = [Report(level: rest.Lines[0].Grant)] }, at);
            return lease.Lines[0].Grant + rest.Lines[0].Grant;
        }
    }

    /// <summary>A call came to 400 more than was held. That is used, and comes off the next grant: the book lends no room that nobody has.</summary>
    [Theory]
    [InlineData(LimitAlgorithm.Sliding)]
    [InlineData(LimitAlgorithm.Fixed)]
    public void WhatCallsCameToBeyondALease_ComesOffTheNextGrant_AndIsNotHeldForever(LimitAlgorithm algorithm)
    {
        var window = Window with { Algorithm = algorithm };
        var (book, hold) = (Book(window), new LeaseHold("a", [window], Policy));
        Instant At(double seconds) => Start + TimeSpan.FromSeconds(seconds);
        var has = Exchange(book, hold, Start, wants: 10).Lines[0].Grant;
        hold.Take(Tokens((long)has), At(1));
        hold.Settle(Tokens((long)has), Tokens((long)has + 400), At(1), At(2));

        var grants = Exchange(book, hold, At(8), wants: 10).Lines[0].Grant;
        Assert.Equal(At(8), hold.FitsAt(Tokens((long)grants - 400), At(8)));
        Assert.Equal(Instant.Unknown, hold.FitsAt(Tokens((long)grants - 399), At(8)));
        Exchange(book, hold, At(16), wants: 10);

        // In force is what was had and granted. The book knows the same once it was told.
        var ask = hold.Ask([], Charge.None, At(17));
        book.Ask(ask, At(17));
        Assert.Equal(ask.Lines[0].Level, book.Save().Tenures.Single().Lines[0].Capacity, 1e-6);
    }

    [Fact]
    public void PlacesOfAnInstanceThatDied_AreTakenForTheLongestCall()
    {
        var book = Book(Places);
        var held = book.Ask(AskOf("a", 1), Start);
        var end = held.ExpiresAt + Policy.ClockMargin;

        Assert.True(book.Ask(AskOf("b", 1), end).Lines[0].Grant <= 10 - held.Lines[0].Grant);
        Assert.True(book.Ask(AskOf("b", 2), end + Policy.LongestCall).Lines[0].Grant > 0);
    }

    [Fact]
    public void AnInstanceThatLeaves_GivesBackAtOnce()
    {
        var book = Book(Bucket);
        var hold = new LeaseHold("a", [Bucket], Policy);
        Exchange(book, hold, Start);
        Exchange(book, hold, Start);
        hold.Take(Tokens(1_000), Start);

        var none = book.Ask(hold.Leave(Start), Start);

        Assert.Equal(0, none.Number);
        Assert.Equal(Instant.Unknown, hold.FitsAt(Tokens(1), Start));
        var other = book.Ask(AskOf("b", 1), Start);
        other = book.Ask(AskOf("b", 2) with { Holds = other.Number, Lapsed = false }, Start);
        Assert.InRange(other.Lines[0].Grant, 4_000, 5_000);
    }

    [Fact]
    public void MoreInstancesThanAllowed_GetNothing()
    {
        var book = Book(Bucket);
        for (var i = 0; i < Policy.MaxInstances; i++)
        {
            Assert.NotEqual(0, book.Ask(AskOf("i" + i, 1), Start).Number);
        }

        Assert.Equal(0, book.Ask(AskOf("late", 1), Start).Number);
    }

    public static TheoryData<LeaseAsk> Malformed =>
    [
        AskOf("", 1),
        AskOf("a", 1) with { Lines = [] },
        AskOf("a", 1) with { Lines = [Report(double.NaN)] },
        AskOf("a", 1) with { Lines = [Report() with { Need = -1 }] },
        AskOf("a", 1) with { Lines = [Report() with { Refunds = [new(Start, -1)] }] },
        AskOf("a", 1) with { Demands = [Demand(weight: 0)] },
        AskOf("a", 1) with { News = [.. Enumerable.Repeat(new LeaseNews(new(OutcomeKind.Success), Start), 9)] },
        AskOf("a", 1) with { Demands = [Demand(perSecond: double.PositiveInfinity)] },
        AskOf("a", 1) with { Demands = [Demand(), Demand(), Demand()] },
    ];

    [Theory]
    [MemberData(nameof(Malformed))]
    public void AMalformedAsk_IsRefused_AndChangesNothing(LeaseAsk ask)
    {
        var book = Book(Bucket);
        book.Ask(AskOf("b", 1), Start);
        var state = JsonSerializer.Serialize(book.Save());

        Assert.Throws<ArgumentException>(() => book.Ask(ask, Start + TimeSpan.FromSeconds(1)));

        Assert.Equal(state, JsonSerializer.Serialize(book.Save()));
    }

    [Fact]
    public void AClosedScope_IsLentFromItsEndOn()
    {
        var book = Book(Bucket);
        book.Ask(AskOf("a", 1) with { ClosedFor = TimeSpan.FromSeconds(30) }, Start);
        book.Ask(AskOf("a", 2) with { ClosedFor = TimeSpan.FromSeconds(5) }, Start);

        Assert.Equal(Start + TimeSpan.FromSeconds(30), book.Ask(AskOf("b", 1), Start).NotBefore);
        Assert.True(book.Ask(AskOf("b", 2) with { ClosedFor = TimeSpan.Zero }, Start).NotBefore <= Start);
    }

    [Fact]
    public void InDoubt_NothingIsLent_BeforeAllEarlierLeasesHaveEnded_AndThenOnlyWhatComesBack()
    {
        var book = Book(Bucket);
        book.Doubt(Start);
        var end = Start + Policy.Duration + Policy.ClockMargin;

        var none = book.Ask(AskOf("a", 1), Start);
        Assert.Equal((0, end), (none.Number, none.AskAgainAt));
        Assert.Equal(0, book.Ask(AskOf("a", 2), end - TimeSpan.FromTicks(1)).Number);
        var lease = book.Ask(AskOf("a", 3), end);
        Assert.Equal((0, 0), (lease.Lines[0].Grant, lease.Lines[0].Rate));
        lease = book.Ask(AskOf("a", 4) with { Holds = lease.Number, Lapsed = false }, end);
        Assert.Equal((0, 100), (lease.Lines[0].Grant, lease.Lines[0].Rate));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void InDoubt_PlacesAreLentAfterwards_UnlessAnInstanceTellsOfAnEarlierLease(bool tells, bool isLent)
    {
        var book = Book(Places);
        book.Doubt(Start);
        book.Ask(AskOf("a", 1) with { Holds = tells ? 7 : 0 }, Start + TimeSpan.FromSeconds(3));

        var lease = book.Ask(AskOf("b", 1), Start + Policy.Duration + Policy.ClockMargin);

        Assert.Equal(isLent, lease.Lines[0].Grant > 0);
    }

    [Fact]
    public void AStoredState_GoesOnAsIfNothingHadBeen_CautionAndDoubtIncluded()
    {
        var book = new LeaseBook([Bucket], new Caution(), Policy);
        book.Ask(AskOf("a", 1), Start);
        for (var i = 0; i < 4; i++)
        {
            var at = Start + TimeSpan.FromSeconds(10 * i);
            book.Ask(AskOf("a", 2 + i) with { News = [new(new(OutcomeKind.RateLimited), at)] }, at);
        }

        var copy = new LeaseBook([Bucket], new Caution(), Policy);
        Assert.True(copy.TryRestore(JsonSerializer.Deserialize<LeaseBookState>(JsonSerializer.Serialize(book.Save()))!));

        var (later, ask) = (Start + TimeSpan.FromSeconds(40), AskOf("a", 9));
        Assert.Equal(JsonSerializer.Serialize(book.Ask(ask, later)), JsonSerializer.Serialize(copy.Ask(ask, later)));
        Assert.True(copy.Save().Caution!.Factor < 1);
    }

    [Fact]
    public void AStateOfOtherLimits_IsNotTakenUp()
    {
        var state = Book(Bucket).Save();

        Assert.False(Book(Window).TryRestore(state));
        Assert.False(Book(Bucket, Places).TryRestore(state));
        Assert.True(Book(Bucket with { Amount = 100 }).TryRestore(state));
    }

    /// <summary>6,000 a window, of which an instance is lent 4,000. It may have used them all and not told yet.</summary>
    [Theory]
    [InlineData(LimitAlgorithm.CalendarDay)]
    [InlineData(LimitAlgorithm.Sliding)]
    [InlineData(LimitAlgorithm.Fixed)]
    public void WhatRemainsOfAWindow_TellsOfOthersOnly_BeyondAllThatIsLent(LimitAlgorithm algorithm)
    {
        var window = Window with { Algorithm = algorithm, Window = algorithm == LimitAlgorithm.CalendarDay ? TimeSpan.FromDays(1) : Window.Window };
        var (book, now) = (Book(window), Start + TimeSpan.FromSeconds(5));
        var lease = book.Ask(AskOf("a", 1), now);
        Assert.Equal(4_000, lease.Lines[0].Grant, 1e-6);

        book.Ask(AskOf("b", 1) with { News = [Remains(2_000)], Leaving = true }, now);
        Assert.Equal(2_000, Free(), 1e-6);
        book.Ask(AskOf("b", 2) with { News = [Remains(500)], Leaving = true }, now);
        Assert.Equal(500, Free(), 1.0);

        book.Ask(AskOf("a", 2) with { Holds = lease.Number, Lapsed = false, Lines = [Report(used: 3_000, level: 1_000)], Demands = [] }, now);
        Assert.Equal(500, Free(), 1.0);

        LeaseNews Remains(long tokens) =>
            new(new(OutcomeKind.Success) { Readings = [new(Dimension.Tokens, window.Window, 6_000, tokens, TimeSpan.FromSeconds(30.5))] }, now);

        double Free()
        {
            var copy = Book(window);
            Assert.True(copy.TryRestore(book.Save()));
            var demand = Demand(perSecond: 1e6);
            var first = copy.Ask(AskOf("x", 1) with { Demands = [demand] }, now);
            return first.Lines[0].Grant;
        }
    }

    [Theory]
    [InlineData(LimitAlgorithm.CalendarDay)]
    [InlineData(LimitAlgorithm.Sliding)]
    [InlineData(LimitAlgorithm.Fixed)]
    public void ARefusal_DoesNotCloseAWindow(LimitAlgorithm algorithm)
    {
        var book = Book(Window with { Algorithm = algorithm, Window = TimeSpan.FromDays(1) });

        var lease = book.Ask(AskOf("a", 1) with { News = [new(new(OutcomeKind.RateLimited), Start)] }, Start);

        Assert.True(lease.Lines[0].Grant > 1_000);
    }

    [Fact]
    public void RefusalsWithinOneRefresh_AreOneSurprise()
    {
        var book = new LeaseBook([Bucket], new Caution(), Policy);
        LeaseNews[] news = [.. Enumerable.Range(0, 6).Select(second => new LeaseNews(new(OutcomeKind.RateLimited), Start + TimeSpan.FromSeconds(second)))];

        book.Ask(AskOf("a", 1) with { News = news }, Start + TimeSpan.FromSeconds(6));

        Assert.Equal(1, book.Save().Caution!.Surprises);
    }

    private static LeaseBook Book(params Limit[] limits) => new(limits, Caution.None(), Policy);

    private static Lease Exchange(LeaseBook book, LeaseHold hold, Instant now, double wants = 100)
    {
        var lease = book.Ask(hold.Ask([Demand(perSecond: wants)], Tokens(100), now), now);
        hold.Apply(lease, now);
        return lease;
    }

    private static LeaseLine Round(LeaseLine line) => new(Math.Round(line.Grant, 6), Math.Round(line.Rate, 6), Math.Round(line.Capacity, 6));

    private static Charge Tokens(long tokens) => new(1, tokens, 0, 0, 1);

    private static LeaseAsk AskOf(string instance, long sequence) => new(instance, sequence, 0, [Demand()], [Report()]) { Lapsed = true };

    private static LeaseReport Report(double used = 0, double level = 0) => new(used, 0, level, 1, []);

    private static LeaseDemand Demand(double weight = 1, double perSecond = 100) =>
        new("t", weight, Priority.Standard, new(1, perSecond, Concurrent: Math.Min(perSecond, 5)));
}
