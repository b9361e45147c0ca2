namespace FuncLimiter.Simulation.Providers.Enforcement;

/// <summary>Makes the counters behind limits.</summary>
internal static class EnforcerFactory
{
    /// <summary>The counters of one limit: one, or two where a window is cut in slices.</summary>
    public static IEnumerable<Enforcer> Create(LimitOptions limit)
    {
        yield return limit.Scheme switch
        {
            LimitScheme.Fixed => new FixedWindowEnforcer(limit with { Slice = null }),
            LimitScheme.Sliding => new SlidingWindowEnforcer(limit),
            LimitScheme.Concurrency => new ConcurrencyEnforcer(limit),
            LimitScheme.Acceleration => new AccelerationEnforcer(limit),
            _ => new BucketEnforcer(limit),
        };

        if (limit is { Scheme: LimitScheme.Fixed, Slice: { } slice })
        {
            yield return new FixedWindowEnforcer(limit with { Amount = (long)PerSlice(limit.Amount, slice, limit.Window), Window = slice });
        }
    }

    /// <summary>A slice's part of a window, rounded up: 600 per minute are 10 in a second, 90 are 2.</summary>
    public static double PerSlice(double amount, TimeSpan slice, TimeSpan window) =>
        Math.Max(1, Math.Ceiling(amount * slice.TotalSeconds / window.TotalSeconds));
}
