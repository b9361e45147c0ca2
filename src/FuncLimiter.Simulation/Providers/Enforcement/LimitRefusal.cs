namespace FuncLimiter.Simulation.Providers.Enforcement;

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
