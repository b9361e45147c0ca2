namespace FuncLimiter.Simulation.Providers.Enforcement;

/// <summary>The provider's own counter behind one limit. Times are seconds since the double's start and never run backwards.</summary>
internal abstract class Enforcer(LimitOptions options)
{
    /// <summary>What absorbs rounding of times and amounts, so that a caller who waits exactly as told is let in.</summary>
    protected const double Tolerance = 1e-6;

    public LimitOptions Options { get; } = options;

    public LimitDimension Dimension => Options.Dimension;

    /// <summary>The limit in force, in units per window.</summary>
    public double Amount { get; protected set; } = options.Amount;

    /// <summary>What calls that were accepted have taken, corrections included.</summary>
    public double Accepted { get; set; }

    /// <summary>How often this limit was the reason for a refusal.</summary>
    public long Refusals { get; set; }

    /// <summary>The highest reading of the provider's counter so far.</summary>
    public double Largest { get; private set; }

    /// <summary>The most that can be taken at once.</summary>
    public virtual double Capacity => Amount;

    /// <summary>Begins to count what could have been let through; later calls do nothing.</summary>
    public abstract void Open(double now);

    /// <summary>What can be taken now; negative where more was charged than was there.</summary>
    public abstract double Available(double now);

    /// <summary>Seconds until an amount would fit: 0 when it fits now, infinite when it never will.</summary>
    public abstract double WaitFor(double amount, double now);

    /// <summary>Seconds until nothing counts any more: a bucket full, a window over.</summary>
    public abstract double ResetIn(double now);

    /// <summary>What could have been let through at most since the first call, first burst included.</summary>
    public abstract double MostPossible(double now);

    /// <summary>Takes an amount whether it fits or not; a negative one gives back.</summary>
    public void Take(double amount, double now)
    {
        Charge(amount, now);
        Largest = Math.Max(Largest, Reading(now));
    }

    /// <summary>Puts another limit in force.</summary>
    public abstract void Change(double amount, double now);

    public bool Fits(double amount, double now) => amount <= Available(now) + Tolerance;

    protected abstract void Charge(double amount, double now);

    /// <summary>What the counter shows as used.</summary>
    protected abstract double Reading(double now);
}

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

/// <summary>Amounts by dimension.</summary>
internal readonly record struct Demand(long Requests, long Tokens, long InputTokens, long OutputTokens, long Concurrent)
{
    public long this[LimitDimension dimension] => dimension switch
    {
        LimitDimension.Requests => Requests,
        LimitDimension.Tokens => Tokens,
        LimitDimension.InputTokens => InputTokens,
        LimitDimension.OutputTokens => OutputTokens,
        _ => Concurrent,
    };
}

/// <summary>Why the provider turned a call away.</summary>
internal enum RefusalCause
{
    /// <summary>It does not fit yet.</summary>
    Limit,

    /// <summary>It will never fit.</summary>
    TooLarge,

    /// <summary>Too many calls are under way.</summary>
    Concurrency,

    /// <summary>Use grows too fast.</summary>
    Acceleration,

    /// <summary>Closed for repeated violations.</summary>
    Penalty,

    /// <summary>Closed by a fault that says when to come back.</summary>
    Closed,
}

/// <summary>A refusal, as the provider's own counters saw it.</summary>
/// <param name="Cause">Why.</param>
/// <param name="Dimension">The dimension that refused.</param>
/// <param name="WaitSeconds">Until when the same call would fit, as far as the provider can tell; infinite for never.</param>
/// <param name="Limit">The limit in force per window.</param>
/// <param name="Available">What was left.</param>
/// <param name="Requested">What was asked for.</param>
/// <param name="Next">For acceleration: the limit of the next window.</param>
/// <param name="Window">The window's length.</param>
internal readonly record struct LimitRefusal(
    RefusalCause Cause,
    LimitDimension Dimension,
    double WaitSeconds,
    double Limit,
    double Available,
    long Requested,
    double Next,
    TimeSpan Window);

/// <summary>Calls under way at once. When a place comes free is not known, so the wait named is a second.</summary>
internal sealed class ConcurrencyEnforcer(LimitOptions options) : Enforcer(options)
{
    private double _underWay;

    public override void Open(double now)
    {
    }

    public override double Available(double now) => Amount - _underWay;

    public override double WaitFor(double amount, double now) => Fits(amount, now) ? 0 : 1;

    public override double ResetIn(double now) => 0;

    /// <summary>Unbounded over time: how many calls fit depends on how long they take.</summary>
    public override double MostPossible(double now) => 0;

    public override void Change(double amount, double now) => Amount = amount;

    protected override void Charge(double amount, double now) => _underWay += amount;

    protected override double Reading(double now) => _underWay;
}
