using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Leasing;

/// <summary>
/// What is wanted of one budget here, by tenant and class: how fast calls came of late, and what waits. Arrivals fade over a few seconds,
/// so that the sum of what is remembered, by that time, is their rate.
/// </summary>
internal sealed class DemandLedger
{
    private const int MostEntries = 1_000;
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(5);
    private static readonly int Dimensions = Enum.GetValues<Dimension>().Length;
    private readonly Dictionary<(Tenant Tenant, Priority Priority), Entry> entries = [];
    private readonly double[] largest = new double[Dimensions];
    private readonly double[] largestBefore = new double[Dimensions];

    /// <summary>When the last call came.</summary>
    public Instant LastAt { get; private set; } = Instant.Distant;

    /// <summary>True where calls wait.</summary>
    public bool HasWaiting => entries.Values.Any(entry => entry.Calls > 0);

    /// <summary>The largest charge that came since the demand before last was taken.</summary>
    public Charge Need => new(
        (long)Larger(Dimension.Requests), (long)Larger(Dimension.Tokens), (long)Larger(Dimension.InputTokens),
        (long)Larger(Dimension.OutputTokens), (long)Larger(Dimension.Concurrent));

    /// <summary>Counts a call that came.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="priority">Its class.</param>
    /// <param name="charge">What it charges.</param>
    /// <param name="part">The part of such calls that will come to this budget, 0 to 1.</param>
    /// <param name="now">Now.</param>
    public void Arrive(Tenant tenant, Priority priority, in Charge charge, double part, Instant now)
    {
        LastAt = now;
        var entry = Find(tenant, priority);
        var keep = Fade(entry, now);
        for (var i = 0; i < Dimensions; i++)
        {
            entry.Arrived[i] = (entry.Arrived[i] * keep) + (charge[(Dimension)i] * part);
            largest[i] = Math.Max(largest[i], charge[(Dimension)i]);
        }
    }

    /// <summary>Counts a call that waits, or that waits no longer.</summary>
    public void Wait(Tenant tenant, Priority priority, in Charge charge, double part)
    {
        var entry = Find(tenant, priority);
        entry.Calls += Math.Sign(part);
        for (var i = 0; i < Dimensions; i++)
        {
            entry.Waiting[i] = entry.Calls == 0 ? 0 : Math.Max(0, entry.Waiting[i] + (charge[(Dimension)i] * part));
        }
    }

    /// <summary>What is wanted: what comes, and what waits spread over a time.</summary>
    public IReadOnlyList<LeaseDemand> Take(TimeSpan spread, Instant now)
    {
        var demands = new List<LeaseDemand>(entries.Count);
        foreach (var (key, entry) in entries)
        {
            var keep = Fade(entry, now);
            for (var i = 0; i < Dimensions; i++)
            {
                entry.Arrived[i] *= keep;
            }

            if (entry.Calls == 0 && entry.Arrived[(int)Dimension.Requests] < 0.01)
            {
                entries.Remove(key);
                continue;
            }

            double Rate(Dimension dimension) =>
                (entry.Arrived[(int)dimension] / Memory.TotalSeconds) + (entry.Waiting[(int)dimension] / spread.TotalSeconds);
            demands.Add(new(key.Tenant.Id, key.Tenant.Weight, key.Priority, new(
                Rate(Dimension.Requests), Rate(Dimension.Tokens), Rate(Dimension.InputTokens), Rate(Dimension.OutputTokens),
                entry.Arrived[(int)Dimension.Concurrent] + entry.Waiting[(int)Dimension.Concurrent])));
        }

        largest.CopyTo(largestBefore, 0);
        Array.Clear(largest);
        return demands.Count <= MostEntries ? demands : [.. demands.OrderByDescending(demand => demand.PerSecond.Requests).Take(MostEntries)];
    }

    private double Larger(Dimension dimension) => Math.Max(largest[(int)dimension], largestBefore[(int)dimension]);

    private Entry Find(Tenant tenant, Priority priority)
    {
        if (!entries.TryGetValue((tenant, priority), out var entry))
        {
            entries.Add((tenant, priority), entry = new());
        }

        return entry;
    }

    private static double Fade(Entry entry, Instant now)
    {
        var keep = entry.At == default ? 1 : Math.Exp(-Math.Max(0, (now - entry.At).TotalSeconds) / Memory.TotalSeconds);
        entry.At = Instant.Max(entry.At, now);
        return keep;
    }

    private sealed class Entry
    {
        public double[] Arrived { get; } = new double[Dimensions];

        public double[] Waiting { get; } = new double[Dimensions];

        public int Calls { get; set; }

        public Instant At { get; set; }
    }
}
