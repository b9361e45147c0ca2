using FuncLimiter.Core.Batching;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Pacing;

public class BatchValveTests
{
    private static readonly Instant Start = new(638_000_000_000_000_000);

    private static readonly BatchTerms Terms = new()
    {
        LeastTime = TimeSpan.FromHours(6),
        Reserve = TimeSpan.FromHours(1),
        CollectFor = TimeSpan.FromMinutes(5),
        FewestCalls = 10,
        MostCalls = 100,
        MostBytes = 10_000,
        MostQueuedTokens = 50_000,
    };

    [Theory]
    [InlineData(Priority.Background, 24, true)]
    [InlineData(Priority.Background, 6, true)]
    [InlineData(Priority.Background, 5.9, false)]
    [InlineData(Priority.Standard, 24, false)]
    [InlineData(Priority.Interactive, 24, false)]
    public void Takes_BackgroundWorkThatHasTime(Priority priority, double hours, bool isTaken) =>
        Assert.Equal(isTaken, BatchValve.Takes(Terms, priority, TimeSpan.FromHours(hours)));

    [Theory]
    [InlineData(0, 0, 60, BatchMove.Collect)]
    [InlineData(50, 500, 1, BatchMove.Collect)]
    [InlineData(50, 500, 5, BatchMove.Submit)]
    [InlineData(9, 90, 4, BatchMove.Collect)]
    [InlineData(9, 90, 5, BatchMove.GiveBack)]
    [InlineData(100, 500, 0, BatchMove.Submit)]
    [InlineData(20, 10_000, 0, BatchMove.Submit)]
    public void Pile_IsHandedInOnceItsTimeIsOverOrABatchIsFull(int calls, long bytes, int minutes, BatchMove move) =>
        Assert.Equal(move, BatchValve.Decide(Terms, new BatchPile(calls, bytes, Start, Start + TimeSpan.FromHours(24)), Start + TimeSpan.FromMinutes(minutes)));

    [Fact]
    public void Pile_WhoseDeadlineNears_ComesBack_HoweverFull()
    {
        var pile = new BatchPile(100, 10_000, Start, Start + TimeSpan.FromHours(6));

        Assert.Equal(BatchMove.Submit, BatchValve.Decide(Terms, pile, Start + TimeSpan.FromHours(5) - TimeSpan.FromSeconds(1)));
        Assert.Equal(BatchMove.GiveBack, BatchValve.Decide(Terms, pile, Start + TimeSpan.FromHours(5)));
    }

    [Theory]
    [InlineData(10, 100, 0, 10)]
    [InlineData(500, 10, 0, 100)]
    [InlineData(500, 300, 0, 33)]
    [InlineData(500, 10, 49_000, 10)]
    [InlineData(500, 10, 50_000, 0)]
    [InlineData(1, 20_000, 0, 1)]
    public void Fill_TakesWhatCallsBytesAndQueuedTokensLeaveRoomFor(int calls, long bytesEach, long queuedTokens, int taken) =>
        Assert.Equal(taken, BatchValve.Fill(Terms, Enumerable.Repeat((bytesEach, 100L), calls), queuedTokens));

    [Fact]
    public void Batch_IsFollowedUntilItIsOverOrItsDeadlineNears_ThenGivenUp_ThenLeft()
    {
        var deadline = Start + TimeSpan.FromHours(24);
        BatchStep At(double hours, bool isOver = false, bool isCancelled = false) =>
            BatchValve.Follow(Terms, deadline, isOver, isCancelled, Start + TimeSpan.FromHours(hours));

        Assert.Equal(BatchStep.Follow, At(22.9));
        Assert.Equal(BatchStep.Cancel, At(23));
        Assert.Equal(BatchStep.Follow, At(23.4, isCancelled: true));
        Assert.Equal(BatchStep.TakeBack, At(23.5, isCancelled: true));
        Assert.Equal(BatchStep.Fetch, At(1, isOver: true));
        Assert.Equal(BatchStep.Fetch, At(23.6, isOver: true, isCancelled: true));
    }

    [Fact]
    public void Batch_WhoseCallsHaveAllEnded_IsGivenUpAndForgottenOnceOver()
    {
        Assert.Equal(BatchStep.Cancel, BatchValve.Follow(Terms, Instant.Never, isOver: false, isCancelled: false, Start));
        Assert.Equal(BatchStep.Follow, BatchValve.Follow(Terms, Instant.Never, isOver: false, isCancelled: true, Start));
        Assert.Equal(BatchStep.Fetch, BatchValve.Follow(Terms, Instant.Never, isOver: true, isCancelled: true, Start));
    }

    [Fact]
    public void ADaysWork_InVirtualTime_EndsBeforeItsDeadlineWhateverTheServiceDoes()
    {
        var chance = new Random(5);
        for (var run = 0; run < 200; run++)
        {
            var deadline = Start + TimeSpan.FromHours(6 + (chance.NextDouble() * 42));
            var overAt = chance.Next(3) == 0 ? Instant.Never : Start + TimeSpan.FromHours(chance.NextDouble() * 60);
            var (cancelledAt, now) = ((Instant?)null, Start);
            var step = BatchStep.Follow;
            while (step is BatchStep.Follow or BatchStep.Cancel)
            {
                now += Terms.PollEvery;
                step = BatchValve.Follow(Terms, deadline, now >= overAt, cancelledAt is not null, now);
                cancelledAt ??= step == BatchStep.Cancel ? now : null;
            }

            Assert.True(now <= deadline - (Terms.Reserve / 2) + Terms.PollEvery, $"Run {run} left {deadline - now}.");
            Assert.True(step == BatchStep.TakeBack || now >= overAt);
        }
    }
}
