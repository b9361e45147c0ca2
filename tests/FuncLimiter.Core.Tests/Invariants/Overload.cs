using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Core.Tests.Budgets;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// A steady stream of calls, more than a deployment can take, from callers who do as they are told: whoever is refused comes back at the
/// time stated, up to half a second late.
/// </summary>
internal sealed class Overload
{
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(4);
    private readonly PriorityQueue<Ask, long> coming = new();
    private readonly Random random;
    private readonly int maxSize;
    private readonly double load;
    private readonly Priority[] classes;
    private int nextId;

    public Overload(int seed)
    {
        random = new(seed);
        var limit = new Limit(Dimension.Tokens, random.Next(6_000, 60_000), Moments.Minute, LimitAlgorithm.Bucket) { BurstSeconds = random.Next(2, 30) };
        TimeSpan[] waits = [TimeSpan.FromSeconds(random.Next(3, 30)), TimeSpan.FromSeconds(random.Next(10, 90)), TimeSpan.FromSeconds(random.Next(30, 200))];
        var single = Worlds.Single(limit, [.. Enumerable.Range(0, random.Next(1, 5)).Select(i => new TenantSpec($"t{i}", random.Next(1, 4), [], []))]);
        World = single with { Spec = single.Spec with { Queue = new() { MaxWait = waits, MaxWaiting = random.Next(20, 200) } } };
        maxSize = (int)(limit.PerSecond * Math.Min(limit.BurstSeconds.Value, 3));
        load = 1.1 + (random.NextDouble() * 2);
        classes = random.Next(2) == 0 ? [(Priority)random.Next(3)] : [Priority.Interactive, Priority.Standard, Priority.Background];
        PerSecond = limit.PerSecond;
    }

    public World World { get; }

    /// <summary>How often somebody came back.</summary>
    public int Returned { get; private set; }

    /// <summary>How often whoever came back was taken.</summary>
    public int Taken { get; private set; }

    private double PerSecond { get; }

    public void Run(Func<LimiterSpec, LimiterUnderTest> make)
    {
        var returns = new ReturnOracle(this);
        var player = new Player(World, make, returns, new RefusalOracle(World)) { FinalOf = Worlds.Exact };
        Arrive(World.Start);
        while (coming.TryDequeue(out var ask, out var ticks) && new Instant(ticks) is var at && at < World.Start + Length)
        {
            player.Pass(TimeSpan.FromTicks(Math.Max(0, at.Ticks - player.Now.Real.Ticks)));
            player.Submit(ask);
            player.Listen();
            if (ask.Id >= 0)
            {
                Arrive(at);
            }
        }

        // All who wait are taken, or refused at last.
        player.Pass(World.Spec.Queue.MaxWait[^1]);
    }

    private void Arrive(Instant after)
    {
        var size = random.Next(1, maxSize + 1);
        var charge = new Charge(1, size, 0, 0, 1);
        var tenant = $"t{random.Next(World.Spec.Tenants.Count)}";
        var gap = -Math.Log(1 - random.NextDouble()) * (maxSize / 2.0) / (PerSecond * load);
        coming.Enqueue(new(nextId++, "r", tenant, charge, [charge]) { Caller = nextId, Priority = classes[random.Next(classes.Length)] }, (after + TimeSpan.FromSeconds(gap)).Ticks);
    }

    // Those who come back have numbers below zero.
    private sealed class ReturnOracle(Overload overload) : Oracle
    {
        private int lastReturn;

        public override void Admitted(Ask ask, int place, Moment now) => overload.Taken += ask.Id < 0 ? 1 : 0;

        public override void Submitted(Ask ask, Moment now) => overload.Returned += ask.Id < 0 ? 1 : 0;

        public override void Refused(Ask ask, Refusal refusal, Moment now)
        {
            if (refusal.RetryAt.IsKnown)
            {
                var late = TimeSpan.FromMilliseconds(overload.random.Next(500));
                overload.coming.Enqueue(ask with { Id = --lastReturn }, (refusal.RetryAt + late).Ticks);
            }
        }
    }
}
