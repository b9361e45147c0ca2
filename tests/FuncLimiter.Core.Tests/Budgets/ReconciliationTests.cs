using FuncLimiter.Core.Budgets;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Budgets;

/// <summary>A budget under overload at a provider that reports what remains with every answer: 1,000 tokens a second, 6,000 in a burst.</summary>
public class ReconciliationTests
{
    private const double PerSecond = 1000;
    private const double Length = 300;

    [Theory]
    [InlineData(LimitAlgorithm.Bucket, 1, 0.5)]
    [InlineData(LimitAlgorithm.Bucket, 1, 10)]
    [InlineData(LimitAlgorithm.Bucket, 1000, 2)]
    [InlineData(LimitAlgorithm.Sliding, 1, 0.5)]
    [InlineData(LimitAlgorithm.Sliding, 1, 10)]
    [InlineData(LimitAlgorithm.Sliding, 1000, 2)]
    [InlineData(LimitAlgorithm.Fixed, 1, 0.5)]
    [InlineData(LimitAlgorithm.Fixed, 1, 10)]
    [InlineData(LimitAlgorithm.Fixed, 1000, 2)]
    public void Observe_WhenNobodyElseUsesTheKey_TakesNothingForOthersHoweverLateOrRoundedTheReports(
        LimitAlgorithm algorithm, long roundTo, double latency)
    {
        var world = new World(algorithm, roundTo, latency);

        world.Run(outsiders: 0);

        Assert.Equal(0, world.Provider.Refused);
        Assert.InRange(world.Provider.Accepted, 0.99 * PerSecond * Length, double.MaxValue);
    }

    [Theory]
    [InlineData(1, 0.5, 0.01)]
    [InlineData(1000, 0.5, 0.01)]
    [InlineData(1, 3, 0.05)] // what others took in the last three seconds, no report tells yet
    public void Observe_WhenOthersUseHalfOfTheKey_MakesRoomForThem(long roundTo, double latency, double mostRefused)
    {
        var world = new World(LimitAlgorithm.Bucket, roundTo, latency);

        world.Run(outsiders: 0.5);

        Assert.InRange(world.Provider.Refused, 0, mostRefused * world.Sent);
        Assert.InRange(world.Provider.Accepted, 0.95 * PerSecond * Length, double.MaxValue);
    }

    [Fact]
    public void Observe_WhenOthersStop_TakesTheWholeKeyAgain()
    {
        var world = new World(LimitAlgorithm.Bucket, 1, 0.5);
        world.Run(outsiders: 0.5);
        var before = world.Provider.Accepted;

        world.Run(outsiders: 0);

        Assert.InRange(world.Provider.Accepted - before, 0.99 * PerSecond * Length, double.MaxValue);
    }

    [Fact]
    public void Observe_WhenTheReportCountsLessThanIsHeld_LeavesWhatIsUnderWayHeld()
    {
        // The call holds 1,000; the provider counts its output as it comes, and has counted 300 so far.
        var budget = Budget(LimitAlgorithm.Bucket);
        budget.Take(Tokens(1000), At(0));
        var mark = budget.Taken;

        budget.Observe(Left(5700, resetIn: 0.3), mark, At(0), At(0));
        Assert.Equal(1000, budget.Meters[0].Used(At(0)), 3);

        budget.Settle(Tokens(1000), Tokens(1000), At(0), At(0));
        Assert.Equal(1000, budget.Meters[0].Used(At(0)), 3);
    }

    [Fact]
    public void Observe_WhenNothingIsUnderWayAndMoreIsLeftThanWeBelieve_BelievesIt()
    {
        var budget = Budget(LimitAlgorithm.Bucket);
        budget.Take(Tokens(5000), At(0));
        var mark = budget.Taken;
        budget.Settle(Tokens(5000), Tokens(5000), At(0), At(0.5));

        budget.Observe(Left(4000, resetIn: 2), mark, At(0), At(0.5));

        Assert.Equal(2000, budget.Meters[0].Used(At(0.5)), 3);
    }

    [Theory]
    [InlineData(LimitAlgorithm.Sliding)]
    [InlineData(LimitAlgorithm.Fixed)]
    public void Observe_WhenChargesWereForeseenTooHigh_GivesTheSurplusBack(LimitAlgorithm algorithm)
    {
        // Six calls of 10,000 each by our count; the provider counted 8,000, and has one of them not yet.
        var budget = Budget(algorithm);
        for (var call = 0; call < 6; call++)
        {
            budget.Take(Tokens(10_000), At(call));
        }

        var mark = budget.Taken;
        for (var call = 0; call < 5; call++)
        {
            budget.Settle(Tokens(10_000), Tokens(10_000), At(call), At(6));
        }

        budget.Observe(Left(20_001, resetIn: 50), mark, At(5), At(6));

        Assert.Equal(50_000, budget.Meters[0].Used(At(6)), 3);
        Assert.Equal(At(6), budget.FitsAt(Tokens(10_000), At(6)));
    }

    [Fact]
    public void Observe_WhenASurplusIsGivenBack_TheOldestCallsGiveIt()
    {
        // Of 60,000 in two calls the provider counted 40,000: 30,000 of them may be of the later call.
        var budget = Budget(LimitAlgorithm.Sliding);
        budget.Take(Tokens(30_000), At(0));
        budget.Take(Tokens(30_000), At(10));
        var mark = budget.Taken;
        budget.Settle(Tokens(30_000), Tokens(30_000), At(0), At(11));
        budget.Settle(Tokens(30_000), Tokens(30_000), At(10), At(11));

        budget.Observe(Left(20_001, resetIn: 50), mark, At(10), At(11));

        Assert.Equal(40_000, budget.Meters[0].Used(At(11)), 3);
        Assert.Equal(30_000, budget.Meters[0].Used(At(65)), 3);
    }

    [Theory]
    [InlineData(LimitAlgorithm.Sliding, 0.5)]
    [InlineData(LimitAlgorithm.Sliding, 2)]
    [InlineData(LimitAlgorithm.Fixed, 0.5)]
    [InlineData(LimitAlgorithm.Fixed, 5)]
    public void Observe_WhenTheProviderCountsLessThanWe_UsesWhatItLeaves(LimitAlgorithm algorithm, double latency)
    {
        var world = new World(algorithm, 1, latency) { Foreseen = 130 };

        world.Run(outsiders: 0);

        Assert.Equal(0, world.Provider.Refused);
        Assert.InRange(world.Provider.Accepted, 0.97 * PerSecond * Length, double.MaxValue);
    }

    [Theory]
    [InlineData(LimitAlgorithm.Sliding)]
    [InlineData(LimitAlgorithm.Fixed)]
    public void Observe_WhenACallWithoutAReportIsOverSince_KeepsItCounted(LimitAlgorithm algorithm)
    {
        var budget = Budget(algorithm);
        budget.Take(Tokens(10_000), At(20));
        var mark = budget.Taken;
        budget.Take(Tokens(15_000), At(21));
        budget.Observe(Left(50_000, resetIn: 40), mark, At(20), At(22));
        budget.Settle(Tokens(10_000), Tokens(10_000), At(20), At(22));
        budget.Settle(Tokens(15_000), Tokens(15_000), At(21), At(23));

        budget.Miss(Tokens(15_000), Tokens(15_000), At(21));
        budget.Observe(Left(50_000, resetIn: 40), mark, At(20), At(24));

        Assert.Equal(25_000, budget.Meters[0].Used(At(24)), 3);
    }

    [Fact]
    public void Observe_WhenTheProvidersBucketIsLargerThanOurs_KeepsToOurs()
    {
        var budget = Budget(LimitAlgorithm.Bucket);
        budget.Take(Tokens(5000), At(0));
        var mark = budget.Taken;
        budget.Settle(Tokens(5000), Tokens(5000), At(0), At(0.5));

        budget.Observe(Left(55_000, resetIn: 5), mark, At(0), At(0.5));

        Assert.Equal(4500, budget.Meters[0].Used(At(0.5)), 3);
    }

    [Fact]
    public void Observe_WhenTheReadingIsOfAnotherWindow_IsPassedOver()
    {
        var budget = Budget(LimitAlgorithm.Bucket);
        var reading = new LimitReading(Dimension.Tokens, TimeSpan.FromDays(1), 100, 0, null);

        budget.Observe(new(OutcomeKind.Success) { Readings = [reading] }, budget.Taken, At(0), At(1));

        Assert.Equal(6000, budget.Meters[0].Capacity);
        Assert.Equal(0, budget.Meters[0].Used(At(1)));
    }

    [Fact]
    public void Observe_WhenTheReadingNamesNoWindow_TellsNothingOfASliceOfTheMinute()
    {
        var slice = new Limit(Dimension.Requests, 10, TimeSpan.FromSeconds(1), LimitAlgorithm.Sliding);
        var budget = new Budget("deployment:one/m", [slice with { Amount = 600, Window = Minute }, slice], new Caution());
        var reading = new LimitReading(Dimension.Requests, null, 600, 3, null);

        budget.Observe(new(OutcomeKind.Success) { Readings = [reading] }, budget.Taken, At(0), At(1));

        Assert.Equal(597, budget.Meters[0].Used(At(1)));
        Assert.Equal(0, budget.Meters[1].Used(At(1)));
    }

    private static Charge Tokens(long tokens) => new(1, tokens, 0, 0, 0);

    private static Observation Left(long remaining, double resetIn) =>
        new(OutcomeKind.Success) { Readings = [new(Dimension.Tokens, null, 60_000, remaining, Seconds(resetIn))] };

    private static Budget Budget(LimitAlgorithm algorithm) =>
        new("deployment:one/m", [new Limit(Dimension.Tokens, 60_000, Minute, algorithm) { BurstSeconds = 6 }], new Caution());

    /// <summary>Sends whatever fits, 100 tokens a call; answers come back after the latency, with reports as of the arrival.</summary>
    private sealed class World(LimitAlgorithm algorithm, long roundTo, double latency)
    {
        private readonly Budget budget = Budget(algorithm);
        private readonly PriorityQueue<(Instant SentAt, Charge Mark, Observation Answer), long> answers = new();
        private readonly Random random = new(7);
        private Instant now = Start;

        public ReportingProvider Provider { get; } =
            new(algorithm, algorithm == LimitAlgorithm.Bucket ? 6000 : 60_000, Minute, PerSecond) { RoundTo = roundTo };

        public int Sent { get; private set; }

        /// <summary>What a call is charged here; the provider counts 100.</summary>
        public long Foreseen { get; init; } = 100;

        public void Run(double outsiders)
        {
            var (end, owed) = (now + Seconds(Length), 0.0);
            for (; now < end; now += Seconds(0.01))
            {
                for (owed += outsiders * PerSecond * 0.01; owed >= 50; owed -= 50)
                {
                    Provider.Accept(50, now);
                }

                while (answers.TryPeek(out var answer, out var ticks) && ticks <= now.Ticks)
                {
                    answers.Dequeue();
                    budget.Observe(answer.Answer, answer.Mark, answer.SentAt, now);
                    var final = answer.Answer.Kind == OutcomeKind.Success ? Tokens(Foreseen) : Tokens(0);
                    budget.Settle(Tokens(Foreseen), final, answer.SentAt, now);
                }

                while (budget.FitsAt(Tokens(Foreseen), now) <= now)
                {
                    Send();
                }
            }
        }

        private void Send()
        {
            budget.Take(Tokens(Foreseen), now);
            Sent++;
            var arrival = now + Seconds(0.01);
            var kind = OutcomeKind.Success;
            if (!Provider.Accept(100, arrival))
            {
                Provider.Refuse();
                kind = OutcomeKind.RateLimited;
            }

            var answer = new Observation(kind)
            {
                Readings = [Provider.Report(arrival)],
                RetryAfter = kind == OutcomeKind.Success ? null : Seconds(0.1),
            };
            var back = now + Seconds(latency * (0.5 + random.NextDouble()));
            answers.Enqueue((now, budget.Taken, answer), back.Ticks);
        }
    }
}
