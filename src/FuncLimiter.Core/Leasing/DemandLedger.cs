using System.Numerics;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Leasing;

/// <summary>
/// What is wanted of one budget here, by tenant and class: how fast calls came of late, and what waits. Arrivals fade over a few seconds,
/// so that the sum of what is remembered, by that time, is their rate.
/// </summary>
internal sealed class DemandLedger
{
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(5);
    private static readonly int Dimensions = Enum.GetValues<Dimension>().Length;
    private readonly Dictionary<(Tenant Tenant, Priority Priority), Entry> entries = [];
    private readonly LargestWaiting[] waiting = [.. Enumerable.Range(0, Dimensions).Select(_ => new LargestWaiting())];
    private readonly long[] largest = new long[Dimensions];
    private readonly long[] largestBefore = new long[Dimensions];
    private int calls;

    /// <summary>When the last call came.</summary>
    public Instant LastAt { get; private set; } = Instant.Distant;

    /// <summary>True where calls wait.</summary>
    public bool HasWaiting => calls > 0;

    /// <summary>The largest charge that waits, or that came since the demand before last was taken.</summary>
    public Charge Need => new(
        Largest(Dimension.Requests),
        Largest(Dimension.Tokens),
        Largest(Dimension.InputTokens),
        Largest(Dimension.OutputTokens),
        Largest(Dimension.Concurrent),
        Largest(Dimension.Cost));

    /// <summary>Counts a call that came.</summary>
    /// <param name="charge">What it charges.</param>
    /// <param name="part">The part of such calls that will come to this budget, 0 to 1.</param>
    public void Arrive(Tenant tenant, Priority priority, in Charge charge, double part, Instant now)
    {
        LastAt = now;
        var entry = Find(tenant, priority);
        entry.Fade(now);
        for (var i = 0; i < Dimensions; i++)
        {
            entry.Arrived[i] += charge[(Dimension)i] * part;
            largest[i] = Math.Max(largest[i], charge[(Dimension)i]);
        }
    }

    /// <summary>Counts a call that waits (1), or waits no longer (-1).</summary>
    public void Wait(Tenant tenant, Priority priority, in Charge charge, double part, int sign)
    {
        var entry = Find(tenant, priority);
        entry.Calls += sign;
        calls += sign;
        for (var i = 0; i < Dimensions; i++)
        {
            waiting[i].Count(charge[(Dimension)i], sign);
            entry.Waiting[i] = entry.Calls == 0 ? 0 : Math.Max(0, entry.Waiting[i] + (charge[(Dimension)i] * part * sign));
        }
    }

    /// <summary>What is wanted: what comes, and what waits spread over a time.</summary>
    /// <param name="limits">Of what.</param>
    /// <param name="spread">The time.</param>
    /// <param name="most">How many demands to state at most; the largest are.</param>
    public IReadOnlyList<LeaseDemand> Take(IReadOnlyList<Limit> limits, TimeSpan spread, int most, Instant now)
    {
        var demands = new List<LeaseDemand>(entries.Count);
        foreach (var (key, entry) in entries)
        {
            entry.Fade(now);
            if (entry.Calls == 0 && entry.Arrived[(int)Dimension.Requests] < 0.01)
            {
                entries.Remove(key);
                continue;
            }

            demands.Add(new(key.Tenant.Id, key.Tenant.Weight, key.Priority, entry.Rates(limits, spread)));
        }

        largest.CopyTo(largestBefore, 0);
        Array.Clear(largest);
        var first = limits.Count > 0 ? limits[0].Dimension : Dimension.Requests;
        return demands.Count <= most ? demands : [.. demands.OrderByDescending(demand => demand.PerSecond[first]).Take(most)];
    }

    private long Largest(Dimension dimension) =>
        Math.Max(waiting[(int)dimension].Value, Math.Max(largest[(int)dimension], largestBefore[(int)dimension]));

    private Entry Find(Tenant tenant, Priority priority)
    {
        if (!entries.TryGetValue((tenant, priority), out var entry))
        {
            entries.Add((tenant, priority), entry = new());
        }

        return entry;
    }

    private sealed class Entry
    {
        private Instant at;

        public double[] Arrived { get; } = new double[Dimensions];

        public double[] Waiting { get; } = new double[Dimensions];

        public int Calls { get; set; }

        // Rounded, since owners keep what is stated.
        public LeaseRates Rates(IReadOnlyList<Limit> limits, TimeSpan spread)
        {
            double Rate(Dimension dimension) => !limits.Any(limit => limit.Dimension == dimension) ? 0
                : dimension == Dimension.Concurrent ? Math.Round(Arrived[(int)dimension] + Waiting[(int)dimension], 3)
                : Math.Round((Arrived[(int)dimension] / Memory.TotalSeconds) + (Waiting[(int)dimension] / spread.TotalSeconds), 3);
            return new(
                Rate(Dimension.Requests),
                Rate(Dimension.Tokens),
                Rate(Dimension.InputTokens),
                Rate(Dimension.OutputTokens),
                Rate(Dimension.Concurrent),
                Rate(Dimension.Cost));
        }

        public void Fade(Instant now)
        {
            var keep = Math.Exp(-Math.Max(0, (now - at).TotalSeconds) / Memory.TotalSeconds);
            at = Instant.Max(at, now);
            for (var i = 0; i < Dimensions; i++)
            {
                Arrived[i] *= keep;
            }
        }
    }
}

/// <summary>
/// The largest of amounts that come and go. For each power of two it remembers the largest until none of that size is left: so it is never
/// too little, and at most twice too much.
/// </summary>
internal sealed class LargestWaiting
{
    private readonly int[] counts = new int[64];
    private readonly long[] largest = new long[64];
    private ulong present;

    /// <summary>The largest; 0 where there is none.</summary>
    public long Value => present == 0 ? 0 : largest[BitOperations.Log2(present)];

    /// <summary>Counts an amount that comes (1) or goes (-1).</summary>
    public void Count(long amount, int sign)
    {
        if (amount <= 0)
        {
            return;
        }

        var power = BitOperations.Log2((ulong)amount);
        counts[power] += sign;
        largest[power] = counts[power] > 0 ? Math.Max(largest[power], amount) : 0;
        present = counts[power] > 0 ? present | (1UL << power) : present & ~(1UL << power);
    }
}
