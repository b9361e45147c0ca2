using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Safety: in every window as whoever enforces it counts, what was admitted never exceeds the limit. Calls reach the provider in any
/// order within the jitter that budgets allow for at their most confident.
/// </summary>
internal sealed class SafetyOracle(World world, int seed) : Oracle
{
    private readonly HashSet<ProviderMeter> untold = [];
    private readonly Dictionary<(string, Limit), ProviderMeter> meters = [];
    private readonly Random random = new(seed);

    /// <summary>The spread of arriving: 20 ms is the least that budgets allow for.</summary>
    public TimeSpan Jitter { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How far a report may be off, in units, because providers round.</summary>
    public double Rounding { get; init; }

    public override void Admitted(Ask ask, int place, Moment now)
    {
        foreach (var (meter, isProviders) in MetersOf(ask, place))
        {
            var delay = isProviders && meter.Limit.Dimension != Dimension.Concurrent ? TimeSpan.FromTicks(random.NextInt64(Jitter.Ticks + 1)) : TimeSpan.Zero;
            var charge = (isProviders ? ask.Provider[place] : ask.Consumer)[meter.Limit.Dimension];
            if (charge > 0 && untold.Contains(meter))
            {
                // What does not fit is refused by the provider, and not counted.
                meter.Count(now.Real);
                meter.Correct(ask.Id, meter.Used + charge <= meter.Capacity ? charge : 0, now.Real);
                meter.Count(now.Real);
            }
            else if (charge > 0)
            {
                meter.Expect(ask.Id, charge, now.Real + delay);
            }
        }
    }

    public override void Settled(Ask ask, int place, Settlement settlement, Moment now)
    {
        foreach (var (meter, isProviders) in MetersOf(ask, place))
        {
            var held = (isProviders ? ask.Provider[place] : ask.Consumer)[meter.Limit.Dimension];
            var change = (isProviders ? settlement.Provider : settlement.Consumer)[meter.Limit.Dimension] - held;

            meter.Arrive(ask.Id, now.Real);

            // When more than was held was counted, nobody knows: after any call that left before we knew.
            meter.Correct(ask.Id, change, isProviders && change > 0 ? now.Real + Jitter : now.Real);
        }
    }

    /// <summary>Up to the next report the limiter can't know of it; from then on it must.</summary>
    public override void OutsiderCalled(Ask ask, Step step, Moment now)
    {
        var place = step.How % ask.Provider.Length;
        foreach (var (meter, isProviders) in MetersOf(ask, place))
        {
            if (isProviders && meter.Limit.Algorithm == LimitAlgorithm.Bucket)
            {
                meter.Count(now.Real);
                var free = Math.Max(0, meter.Capacity - meter.Used - ask.Provider[place][meter.Limit.Dimension]);
                meter.Correct(-1, Math.Floor(free * (step.Size % 100) / 100), now.Real);
                meter.Count(now.Real);
                untold.Add(meter);
            }
        }
    }

    public override void Observed(Ask ask, int place, Observation observation, Moment now)
    {
        // A report does not say whose limit it is of: it is the innermost scope's that has one of the dimension.
        var provider = MetersOf(ask, place).Where(entry => entry.IsProviders).Select(entry => entry.Meter).ToArray();
        foreach (var meter in provider)
        {
            if (!provider.TakeWhile(inner => inner.Scope != meter.Scope).Any(inner => inner.Limit.Dimension == meter.Limit.Dimension))
            {
                untold.Remove(meter);
            }
        }
    }

    /// <summary>Calls under way end with the process that made them.</summary>
    public override void Crashed(Moment now)
    {
        foreach (var key in meters.Keys.Where(key => key.Item2.Algorithm == LimitAlgorithm.Concurrency).ToArray())
        {
            meters.Remove(key);
        }

        // What users took is not kept across a crash: their limits are ours, and short.
        foreach (var key in meters.Keys.Where(key => key.Item1.StartsWith("user:", StringComparison.Ordinal)).ToArray())
        {
            meters.Remove(key);
        }
    }

    public override void Rested(Player player, Moment now)
    {
        foreach (var meter in meters.Values)
        {
            meter.Count(now.Real);
        }
    }

    public override void Ended(Player player, Moment now)
    {
        foreach (var meter in meters.Values)
        {
            meter.Count(now.Real + Jitter);
        }
    }

    /// <summary>What an honest provider says of the limits of a place; of two that count the same, the innermost has the last word.</summary>
    public IReadOnlyList<LimitReading> ReadingsOf(Ask ask, int place, Moment now)
    {
        var readings = new List<LimitReading>();
        foreach (var (meter, isProviders) in MetersOf(ask, place).Reverse())
        {
            if (isProviders && meter.Limit.Algorithm is LimitAlgorithm.Bucket or LimitAlgorithm.Fixed)
            {
                meter.Arrive(ask.Id, now.Real);
                meter.Count(now.Real);
                var limit = meter.Limit;
                var remaining = (long)Math.Max(0, meter.Capacity - meter.Used - meter.Surpluses);
                readings.Add(new(limit.Dimension, limit.Window, limit.Amount, remaining, meter.ResetIn));
            }
        }

        return readings;
    }

    private IEnumerable<(ProviderMeter Meter, bool IsProviders)> MetersOf(Ask ask, int place)
    {
        foreach (var (scope, limits, isProviders) in world.ScopesOf(ask, place))
        {
            foreach (var limit in limits)
            {
                if (!meters.TryGetValue((scope, limit), out var meter))
                {
                    meters.Add((scope, limit), meter = new(scope, limit, seed, Rounding));
                }

                yield return (meter, isProviders);
            }
        }
    }
}
