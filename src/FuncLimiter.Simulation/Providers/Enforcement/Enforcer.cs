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
