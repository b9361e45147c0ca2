using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;

namespace FuncLimiter.Core.Tests.Leasing;

public class LeaseHoldTests
{
    private static readonly Instant Start = Instant.From(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private static readonly LeasePolicy Policy = new() { ClockMargin = TimeSpan.FromSeconds(1) };
    private static readonly Limit Bucket = new(Dimension.Tokens, 6_000, TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket);
    private static readonly Limit Window = new(Dimension.Tokens, 6_000, TimeSpan.FromMinutes(1), LimitAlgorithm.Sliding);

    public static TheoryData<Limit> Limits => [Bucket, Window];

    [Theory]
    [MemberData(nameof(Limits))]
    public void ALease_EndsItsDurationAfterTheAsk_HoweverLateTheAnswer_AndWhateverTheBooksClockReads(Limit limit)
    {
        var hold = new LeaseHold("a", [limit], Policy);
        var ask = hold.Ask([], Tokens(100), Start);
        var arrives = Start + TimeSpan.FromSeconds(3);

        Assert.True(hold.Apply(Lease(ask, 1, grant: 1_000, bookClock: TimeSpan.FromHours(5)), arrives));

        Assert.Equal(Start + Policy.Duration, hold.ExpiresAt);
        Assert.Equal(arrives, hold.FitsAt(Tokens(100), arrives));
        Assert.Equal(Instant.Unknown, hold.FitsAt(Tokens(100), Start + Policy.Duration));
    }

    [Fact]
    public void AnAnswerToAnEarlierAsk_OrOneThatComesAfterItsEnd_IsNotTakenUp()
    {
        var hold = new LeaseHold("a", [Bucket], Policy);
        var first = hold.Ask([], Tokens(100), Start);
        var second = hold.Ask([], Tokens(100), Start);

        Assert.False(hold.Apply(Lease(first, 1, 1_000), Start));
        Assert.False(hold.Apply(Lease(second, 2, 1_000) with { Instance = "b" }, Start));
        Assert.True(hold.Apply(Lease(second, 2, 1_000), Start));
        Assert.False(hold.Apply(Lease(second, 2, 1_000), Start));
        Assert.Equal(Instant.Unknown, hold.FitsAt(Tokens(1_001), Start));

        var third = hold.Ask([], Tokens(100), Start);
        Assert.False(hold.Apply(Lease(third, 3, 1_000), Start + Policy.Duration));
    }

    [Fact]
    public void ABucketsPart_RefillsSlowerThanLent_ByWhatThisClockMayRunTooFast()
    {
        var hold = Holding(Bucket, grant: 0, rate: 100);

        Assert.Equal(95, (hold.FitsAt(Tokens(95), Start) - Start).TotalSeconds * 95, 0.001);
    }

    [Fact]
    public void ARefund_IsToldAtATimeThatIsNotLater_HoweverFarTheClocksHaveDriftedSince()
    {
        // This clock loses a second in twenty: sixty of its seconds are more than sixty-three of the book's.
        var hold = Holding(Window, grant: 3_000, rate: 0);
        hold.Take(Tokens(1_000), Start);
        var (after, speed) = (TimeSpan.FromSeconds(60), 19.0 / 20);
        var (now, byBook) = (Start + after, Start + after / speed);
        var ask = hold.Ask([], Tokens(1), now);
        hold.Apply(Lease(ask, 2, 3_000) with { IssuedAt = byBook, ExpiresAt = byBook + Policy.Duration }, now);

        hold.Settle(Tokens(1_000), Tokens(400), Start, now);

        var refund = Assert.Single(hold.Ask([], Tokens(1), now).Lines[0].Refunds);
        Assert.Equal(600, refund.Amount);
        Assert.InRange((refund.TakenAt - Start).TotalSeconds, -0.001, 0);
    }

    [Fact]
    public void ASettlementBeforeTheChargeWasTold_MakesRoomHere_AndAfterwardsAtTheBook()
    {
        var hold = Holding(Window, grant: 1_000, rate: 0);
        var later = Start + TimeSpan.FromSeconds(1);
        hold.Take(Tokens(1_000), later);
        hold.Settle(Tokens(1_000), Tokens(400), later, later);
        Assert.Equal(later, hold.FitsAt(Tokens(600), later));

        hold.Take(Tokens(600), later);
        Assert.Equal(1_000, hold.Ask([], Tokens(1), later).Lines[0].UsedTotal);
        hold.Settle(Tokens(600), Tokens(0), later, later);

        Assert.Equal(Instant.Unknown, hold.FitsAt(Tokens(1), later));
        Assert.Equal(600, Assert.Single(hold.Ask([], Tokens(1), later).Lines[0].Refunds).Amount);
    }

    [Fact]
    public void AnAsk_TellsWhenAWindowWasUsed_WithoutWhatWasGivenBack()
    {
        var hold = Holding(Window, grant: 3_000, rate: 0);
        Instant At(double seconds) => Start + TimeSpan.FromSeconds(seconds);
        hold.Take(Tokens(100), At(1));
        hold.Take(Tokens(200), At(1.3));
        hold.Take(Tokens(400), At(5));
        hold.Settle(Tokens(100), Tokens(40), At(1), At(6));

        var told = hold.Ask([], Tokens(1), At(7));

        Assert.Equal([new(TimeSpan.FromSeconds(5.7), 240), new(TimeSpan.FromSeconds(2), 640)], told.Lines[0].Marks);
        hold.Apply(Lease(told, 2, 0, continues: 1), At(7));
        Assert.Empty(hold.Ask([], Tokens(1), At(8)).Lines[0].Marks);
    }

    [Fact]
    public void ALowerCapacity_IsGoneByFromTheNextAskOn_WhichGivesTheSurplusBack()
    {
        var hold = Holding(Bucket, grant: 1_000, rate: 1);
        hold.Apply(Lease(hold.Ask([], Tokens(1), Start), 2, 0, capacity: 300, continues: 1), Start);

        Assert.Equal(Start, hold.FitsAt(Tokens(1_000), Start));
        var report = hold.Ask([], Tokens(1), Start).Lines[0];
        Assert.Equal((700, 300), (report.ReturnedTotal, report.Level));
        Assert.Equal(Instant.Unknown, hold.FitsAt(Tokens(301), Start));
    }

    [Fact]
    public void ALowerRate_IsGoneByFromTheNextAskOn()
    {
        var hold = Holding(Bucket, grant: 0, rate: 10);
        hold.Apply(Lease(hold.Ask([], Tokens(1), Start), 2, 0, rate: 5, continues: 1), Start);
        var slower = 1 - Policy.ClockMargin / Policy.Duration;

        var (asked, later) = (Start + TimeSpan.FromSeconds(4), Start + TimeSpan.FromSeconds(8));
        Assert.Equal(4 * 10 * slower, hold.Ask([], Tokens(1), asked).Lines[0].Level, 1e-6);
        Assert.Equal((4 * 10 + 4 * 5) * slower, hold.Ask([], Tokens(1), later).Lines[0].Level, 1e-6);
    }

    [Fact]
    public void ANewLeaseThatDoesNotContinueTheOld_VoidsIt()
    {
        var hold = Holding(Bucket, grant: 1_000, rate: 0);
        hold.Apply(Lease(hold.Ask([], Tokens(1), Start), 2, 100, capacity: 5_000, continues: 0), Start);

        Assert.Equal(Start, hold.FitsAt(Tokens(100), Start));
        Assert.Equal(Instant.Unknown, hold.FitsAt(Tokens(101), Start));
    }

    [Fact]
    public void AfterARefusalOfTheProvider_NothingOfABucketIsLeft()
    {
        var hold = Holding(Bucket, grant: 1_000, rate: 0);
        hold.Drain(Dimension.Requests, Start);
        Assert.Equal(Start, hold.FitsAt(Tokens(1_000), Start));

        hold.Drain(Dimension.Tokens, Start);

        Assert.Equal(Instant.Unknown, hold.FitsAt(Tokens(1), Start));
        Assert.Equal(1_000, hold.Ask([], Tokens(1), Start).Lines[0].UsedTotal);
    }

    [Fact]
    public void WhatDoesNotFitTheLease_MakesTheNextAskDueSoon()
    {
        var hold = Holding(Bucket, grant: 100, rate: 1);
        Assert.Equal(Start + Policy.RefreshEvery, hold.AskAt);

        hold.FitsAt(Tokens(3_000), Start);

        Assert.Equal(Start + Policy.MinRefresh, hold.AskAt);
    }

    [Fact]
    public void WhatDoesNotFitTheLease_WaitsAsLongAsTheBookSaid_BeforeItIsAskedFor()
    {
        var hold = new LeaseHold("a", [Bucket], Policy);
        hold.Apply(Lease(hold.Ask([], Tokens(100), Start), 1, grant: 100, rate: 1) with { Pause = TimeSpan.FromSeconds(3) }, Start);

        hold.FitsAt(Tokens(3_000), Start);

        Assert.Equal(Start + TimeSpan.FromSeconds(3), hold.AskAt);
    }

    [Fact]
    public void WhileTheBookIsSilent_ALeaseIsExpectedAfterAsLongAgain()
    {
        var hold = Holding(Bucket, grant: 100, rate: 1);
        hold.Ask([], Tokens(1), Start + TimeSpan.FromSeconds(8));
        hold.Ask([], Tokens(1), Start + TimeSpan.FromSeconds(16));
        Assert.Equal(Instant.Distant, hold.RegainedAt(Start + TimeSpan.FromSeconds(19)));

        var later = Start + TimeSpan.FromSeconds(28);
        Assert.Equal(later + TimeSpan.FromSeconds(20), hold.RegainedAt(later));
        var muchLater = Start + TimeSpan.FromHours(1);
        Assert.Equal(muchLater + TimeSpan.FromMinutes(1), hold.RegainedAt(muchLater));

        // Who has not asked for long has not been kept waiting.
        var ask = hold.Ask([], Tokens(1), muchLater);
        Assert.Equal(Instant.Distant, hold.RegainedAt(muchLater));
        Assert.True(hold.Apply(Lease(ask, 2, 100, bookClock: muchLater - Start), muchLater));
        Assert.Equal(Instant.Distant, hold.RegainedAt(muchLater));
    }

    [Fact]
    public void OneMadeAnewUnderTheSameName_GoesOnAsking()
    {
        var first = new LeaseHold("a", [Bucket], Policy).Ask([], Tokens(1), Start);

        var second = new LeaseHold("a", [Bucket], Policy).Ask([], Tokens(1), Start + TimeSpan.FromSeconds(1));

        Assert.True(second.Sequence > first.Sequence);
    }

    [Fact]
    public void NothingIsUsed_BeforeTheScopeOpens()
    {
        var hold = new LeaseHold("a", [Bucket], Policy);
        var ask = hold.Ask([], Tokens(100), Start);
        hold.Apply(Lease(ask, 1, 1_000) with { NotBefore = Start + TimeSpan.FromSeconds(5) }, Start);

        Assert.Equal(Start + TimeSpan.FromSeconds(5), hold.FitsAt(Tokens(100), Start));
    }

    private static LeaseHold Holding(Limit limit, double grant, double rate)
    {
        var hold = new LeaseHold("a", [limit], Policy);
        Assert.True(hold.Apply(Lease(hold.Ask([], Tokens(100), Start), 1, grant, rate), Start));
        return hold;
    }

    private static Lease Lease(
        LeaseAsk ask, long number, double grant, double rate = 0, double capacity = 5_000, long continues = 0, TimeSpan bookClock = default)
    {
        var issued = Start + bookClock;
        return new(
            ask.Instance, ask.Sequence, number, continues, issued, Instant.Distant, issued + Policy.Duration, issued + Policy.RefreshEvery,
            [new(grant, rate, capacity)], []);
    }

    private static Charge Tokens(long tokens) => new(1, tokens, 0, 0, 1);
}
