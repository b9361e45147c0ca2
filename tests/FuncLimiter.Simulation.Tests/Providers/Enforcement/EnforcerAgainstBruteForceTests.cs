using FuncLimiter.Simulation.Providers;
using FuncLimiter.Simulation.Providers.Enforcement;

namespace FuncLimiter.Simulation.Tests.Providers.Enforcement;

/// <summary>Random histories, each decision checked against the definition applied to the whole list of what was taken.</summary>
public class EnforcerAgainstBruteForceTests
{
    private const double WindowSeconds = 10;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(WindowSeconds);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 50)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Sliding_HoldsInEverySpan(int seed)
    {
        var limit = new LimitOptions(LimitDimension.Tokens, 50, Window, LimitScheme.Sliding);
        var taken = Run(new SlidingWindowEnforcer(limit), seed, (history, amount, now) =>
            history.Where(charge => charge.At > now - WindowSeconds + 1e-9).Sum(charge => charge.Amount) + amount <= 50);

        Assert.All(taken, last => Assert.InRange(
            taken.Where(charge => charge.At > last.At - WindowSeconds + 1e-9 && charge.At <= last.At).Sum(charge => charge.Amount), 0, 50));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Fixed_HoldsInEveryWindowOfItsPhase(int seed)
    {
        const double phase = 3.7;
        var limit = new LimitOptions(LimitDimension.Tokens, 50, Window, LimitScheme.Fixed) { Phase = TimeSpan.FromSeconds(phase) };
        Run(new FixedWindowEnforcer(limit), seed, (history, amount, now) =>
            history.Where(charge => Index(charge.At) == Index(now)).Sum(charge => charge.Amount) + amount <= 50);

        static double Index(double at) => Math.Floor(((at - phase) / WindowSeconds) + 1e-9);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Bucket_HoldsInEverySpanWhateverItsLength(int seed)
    {
        // A bucket of 20 with 5 a second: no span of t seconds holds more than 20 + 5 t.
        var limit = new LimitOptions(LimitDimension.Tokens, 50, Window, LimitScheme.Bucket) { BurstSeconds = 4 };
        Run(new BucketEnforcer(limit), seed, (history, amount, now) =>
        {
            var sum = (double)amount;
            for (var i = history.Count - 1; i >= -1; i--)
            {
                if (sum > 20 + (5 * (now - (i + 1 < history.Count ? history[i + 1].At : now))) + 1e-6)
                {
                    return false;
                }

                sum += i >= 0 ? history[i].Amount : 0;
            }

            return true;
        });
    }

    /// <summary>Offers a random history; every decision, and every wait that a refusal names, must agree with the definition.</summary>
    private static List<(double At, long Amount)> Run(
        Enforcer enforcer, int seed, Func<List<(double At, long Amount)>, long, double, bool> fits)
    {
        var random = new Random(seed);
        var taken = new List<(double At, long Amount)>();
        var now = 0.0;
        enforcer.Open(0);
        for (var i = 0; i < 400; i++)
        {
            // Quarters of a second are exact in binary, so that boundaries are met and not just neared.
            now += random.Next(0, 6) / 4.0;
            var amount = random.Next(1, 20);
            var expected = fits(taken, amount, now);
            Assert.Equal(expected, enforcer.Fits(amount, now));
            if (!expected)
            {
                var wait = enforcer.WaitFor(amount, now);
                Assert.False(fits(taken, amount, now + wait - 0.01));
                Assert.True(fits(taken, amount, now + wait + 1e-6));
                continue;
            }

            enforcer.Take(amount, now);
            taken.Add((now, amount));
            Assert.True(taken.Sum(charge => charge.Amount) <= enforcer.MostPossible(now) + 1e-6);
        }

        Assert.InRange(taken.Count, 20, 399);
        return taken;
    }
}
