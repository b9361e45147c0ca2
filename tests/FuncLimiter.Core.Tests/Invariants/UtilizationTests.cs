using FsCheck;
using FsCheck.Fluent;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Tests.Budgets;
using FuncLimiter.Core.Tests.Invariants.Broken;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>Invariant 2 over time: under overload at least 99 % of what a bucket would have let through, first burst included, is used.</summary>
public class UtilizationTests
{
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(2);

    private static readonly Arbitrary<Overload> Overloads = Arb.From(
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from perMinute in Gen.Choose(600, 100_000)
        from burstSeconds in Gen.Choose(1, 60)
        from tenants in Gen.Choose(1, 5)
        select new Overload(seed, perMinute, burstSeconds, tenants));

    [Fact]
    public void Utilization_UnderOverload_HoldsFor_TheLimiter() => Property.Holds(Overloads, overload => Play(overload, spec => new(spec)), 1000);

    [Fact]
    public void Utilization_UnderOverload_FailsFor_KeepsAMargin() => Fails(spec => new KeepsAMargin(spec));

    [Fact]
    public void Utilization_UnderOverload_FailsFor_WakesLate() => Fails(spec => new WakesLate(spec));

    private static void Fails(Func<LimiterSpec, LimiterUnderTest> make) => Property.Fails(Overloads, overload => Play(overload, make), 100);

    private static void Play(Overload overload, Func<LimiterSpec, LimiterUnderTest> make)
    {
        var limit = new Limit(Dimension.Tokens, overload.PerMinute, Moments.Minute, LimitAlgorithm.Bucket) { BurstSeconds = overload.BurstSeconds };
        var world = Worlds.Single(limit, [.. Enumerable.Range(0, overload.Tenants).Select(i => new TenantSpec($"t{i}", i + 1, [], []))]);
        var most = limit.Amount / 60.0 * ((double)overload.BurstSeconds + Length.TotalSeconds);
        var oracle = new ServiceCount();
        var player = new Player(world, make, oracle);
        var random = new Random(overload.Seed);
        var largest = Math.Max(1, overload.PerMinute / 60 * Math.Min(overload.BurstSeconds, 5) / 2);
        for (var id = 0; player.Now.Real < world.Start + Length;)
        {
            while (player.Waiting.Count() < 20)
            {
                var charge = new Charge(1, random.Next(1, largest), 0, 0, 1);
                player.Submit(new(id++, "r", $"t{random.Next(overload.Tenants)}", charge, [charge]));
                player.Listen();
            }

            player.Pass(TimeSpan.FromMilliseconds(random.Next(200)));
        }

        Violation.Unless(oracle.Tokens >= (0.99 * most) - largest, () => $"{oracle.Tokens} of {most} tokens went out.");
    }

    internal sealed record Overload(int Seed, int PerMinute, int BurstSeconds, int Tenants);

    private sealed class ServiceCount : Oracle
    {
        public long Tokens { get; private set; }

        public override void Admitted(Ask ask, int place, Moment now) => Tokens += ask.Provider[place].Tokens;
    }
}
