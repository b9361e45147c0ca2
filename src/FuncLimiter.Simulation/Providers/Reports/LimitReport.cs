namespace FuncLimiter.Simulation.Providers.Reports;

/// <summary>What one limit has let through.</summary>
/// <param name="Dimension">What it counts.</param>
/// <param name="Scheme">How it is enforced.</param>
/// <param name="WindowSeconds">Its window, or the slice of one; 0 for calls at once.</param>
/// <param name="Amount">The limit now in force, per window.</param>
/// <param name="Capacity">The most that can be taken at once.</param>
/// <param name="Accepted">What accepted calls have taken, corrections included.</param>
/// <param name="MostPossible">
/// What it would have let through at most from the first call until now, the first burst included: a bucket's capacity and its refill, the
/// sum of the windows touched. Null for calls at once, which have no such bound.
/// </param>
/// <param name="Largest">The highest reading of the provider's counter: a bucket's fill, a window's sum, calls at once.</param>
/// <param name="Refusals">Refusals that it caused.</param>
public sealed record LimitReport(
    LimitDimension Dimension,
    LimitScheme Scheme,
    double WindowSeconds,
    double Amount,
    double Capacity,
    double Accepted,
    double? MostPossible,
    double Largest,
    long Refusals)
{
    /// <summary>What was accepted over what could have been; 0 where nothing could.</summary>
    public double Utilization => MostPossible > 0 ? Accepted / MostPossible.Value : 0;

    /// <summary>Whether the counter ever stood above what it may hold.</summary>
    public bool Exceeded => Largest > Capacity + 0.5;
}
