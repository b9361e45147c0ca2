using FsCheck;
using FsCheck.Fluent;
using FuncLimiter.Core.Budgets;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Budgets;

public class FixedWindowProperties
{
    private const int Limit = 1000;

    /// <summary>One call: how long after the last, how much, how long under way there and back, and what part of it the provider counts.</summary>
    internal sealed record Sent(int GapMs, int Amount, int DelayMs, int LatencyMs, int CountedPercent);

    /// <summary>Where the provider's boundaries lie, how it rounds what it tells of them, and what is sent.</summary>
    internal sealed record Life(int PhaseMs, int Rounding, Sent[] Calls);

    [Fact]
    public void Calls_WhereverTheBoundariesAre_NeverExceedAnyWindowAsTheProviderCountsIt() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(Lives, Play));

    private static Arbitrary<Life> Lives
    {
        get
        {
            var sent =
                from gap in Gen.Frequency((3, Gen.Constant(0)), (3, Gen.Choose(0, 3000)), (1, Gen.Choose(0, 70_000)))
                from amount in Gen.Choose(1, 400)
                from delay in Gen.Choose(0, 50)
                from latency in Gen.Choose(1, 4000)
                from counted in Gen.Frequency((2, Gen.Constant(100)), (1, Gen.Choose(0, 100)))
                select new Sent(gap, amount, delay, latency, counted);
            var lives =
                from phase in Gen.Choose(0, 59_999)
                from rounding in Gen.Choose(0, 3)
                from calls in sent.ArrayOf().Resize(120)
                select new Life(phase, rounding, calls);
            return Arb.From(lives, life => MeterHistory.Shorter(life.Calls).Select(calls => life with { Calls = calls }));
        }
    }

    private static void Play(Life life)
    {
        var window = new FixedWindow(new(Dimension.Tokens, Limit, Minute, LimitAlgorithm.Fixed), new Caution());
        var counted = new Dictionary<long, double>();
        var answers = new PriorityQueue<(Sent Call, Instant SentAt, Instant Stamped), long>();
        var now = Start;
        foreach (var call in life.Calls)
        {
            now += TimeSpan.FromMilliseconds(call.GapMs);
            now = Instant.Max(now, window.FitsAt(call.Amount, now));
            while (answers.TryPeek(out var answer, out var ticks) && ticks <= now.Ticks)
            {
                answers.Dequeue();
                Answer(window, life, answer.Call, answer.SentAt, answer.Stamped, new(ticks));
            }

            if (window.FitsAt(call.Amount, now) > now)
            {
                continue;
            }

            window.Take(call.Amount, now);
            var arrival = now + TimeSpan.FromMilliseconds(call.DelayMs);
            var index = WindowOf(arrival, life);
            counted[index] = counted.GetValueOrDefault(index) + (call.Amount * call.CountedPercent / 100);
            Assert.True(counted[index] <= Limit, $"{counted[index]} counted in window {index}");
            answers.Enqueue((call, now, arrival), (arrival + TimeSpan.FromMilliseconds(call.LatencyMs)).Ticks);
        }
    }

    private static void Answer(FixedWindow window, Life life, Sent call, Instant sentAt, Instant stamped, Instant now)
    {
        var left = (StartOf(WindowOf(stamped, life) + 1, life) - stamped).TotalSeconds;
        var told = life.Rounding switch { 0 => left, 1 => Math.Ceiling(left), 2 => Math.Floor(left), _ => Math.Round(left) };
        window.Observe(new LimitReading(Dimension.Tokens, null, Limit, null, Seconds(told)), new(sentAt), now);
        window.Settle(call.Amount, call.Amount * call.CountedPercent / 100, sentAt, now);
    }

    private static long WindowOf(Instant at, Life life) =>
        (long)Math.Floor((at - Start - TimeSpan.FromMilliseconds(life.PhaseMs)).TotalMilliseconds / 60_000);

    private static Instant StartOf(long index, Life life) => Start + TimeSpan.FromMilliseconds(life.PhaseMs + (index * 60_000));
}
