using FsCheck;
using FsCheck.Fluent;
using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Budgets;

/// <summary>One step of a meter's random life.</summary>
/// <param name="Kind">0 and 1: take if it fits; 2: take anyway; 3: settle; 4: wait until something fits; 5: time stands still or runs backwards.</param>
/// <param name="Amount">How much, in per cent of the capacity; for a settlement, what it comes to, in per cent of what was taken.</param>
/// <param name="Gap">Milliseconds since the step before.</param>
/// <param name="Which">Which of the charges under way is settled.</param>
internal sealed record MeterStep(int Kind, int Amount, int Gap, int Which);

/// <summary>Plays random lives on a meter and its brute-force reference, and compares them at every step.</summary>
internal static class MeterHistory
{
    public static Arbitrary<MeterStep[]> Histories(int mostSteps) => Arb.From(
        (from kind in Gen.Choose(0, 5)
         from amount in Gen.Frequency((3, Gen.Choose(1, 30)), (1, Gen.Choose(1, 150)))
         from gap in Gen.Frequency((1, Gen.Constant(0)), (3, Gen.Choose(0, 2000)), (1, Gen.Choose(0, 90_000)))
         from which in Gen.Choose(0, 1000)
         select new MeterStep(kind, amount, gap, which)).ArrayOf().Resize(mostSteps),
        Shorter);

    /// <param name="steps">The life.</param>
    /// <param name="meter">The meter.</param>
    /// <param name="reference">Its definition.</param>
    /// <param name="capacity">The most that can be taken at once.</param>
    /// <param name="isExact">False once the meter may know less than everything: then it must never be the more generous of the two.</param>
    public static void Compare(MeterStep[] steps, Meter meter, IReferenceMeter reference, double capacity, Func<bool> isExact)
    {
        var underWay = new List<(Instant At, double Amount)>();
        var now = Moments.Start;
        foreach (var step in steps)
        {
            now += TimeSpan.FromMilliseconds(step.Gap);
            var amount = Math.Max(1, Math.Floor(step.Amount / 100.0 * capacity));
            switch (step.Kind)
            {
                case 3 when underWay.Count > 0:
                    var (at, held) = underWay[step.Which % underWay.Count];
                    underWay.RemoveAt(step.Which % underWay.Count);
                    var final = Math.Floor(held * step.Amount / 100);
                    meter.Settle(held, final, at, now);
                    reference.Settle(held, final, at, now);
                    break;
                case 4 when amount <= capacity:
                    now = meter.FitsAt(amount, now);
                    break;
                case 5:
                    meter.Used(now);
                    Agree(meter, reference, amount, capacity, now, now - TimeSpan.FromSeconds(step.Amount), isExact());
                    break;
                case 2:
                case 0 or 1 when meter.FitsAt(amount, now) <= now:
                    meter.Take(amount, now);
                    reference.Take(amount, now);
                    underWay.Add((now, amount));
                    break;
            }

            Agree(meter, reference, amount, capacity, now, now, isExact());
        }
    }

    private static void Agree(Meter meter, IReferenceMeter reference, double amount, double capacity, Instant now, Instant asked, bool isExact)
    {
        var (used, expected) = (meter.Used(asked), reference.Used(now));
        Assert.True(used >= expected - 1e-3 && (!isExact || used <= expected + 1e-3), $"used {used}, should be {expected}");
        if (amount > capacity)
        {
            Assert.Equal(Instant.Never, meter.FitsAt(amount, asked));
            return;
        }

        var (wait, least) = ((meter.FitsAt(amount, asked) - now).TotalSeconds, reference.SecondsUntilFits(amount, now));
        Assert.True(wait >= least - 1e-6 && (!isExact || wait <= least + 1e-5), $"fits in {wait} s, should be {least} s");
    }

    public static IEnumerable<T[]> Shorter<T>(T[] steps)
    {
        for (var size = steps.Length; size > 0; size /= 2)
        {
            for (var from = 0; from + size <= steps.Length; from += size)
            {
                yield return [.. steps[..from], .. steps[(from + size)..]];
            }
        }
    }
}
