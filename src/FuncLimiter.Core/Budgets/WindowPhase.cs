namespace FuncLimiter.Core.Budgets;

/// <summary>
/// Where the boundaries of a provider's fixed window lie, narrowed down from reset headers. Each report places a boundary in an interval
/// (resets are told in whole seconds, and the answer was under way); the phase is what all reports of late agree on.
/// </summary>
public sealed class WindowPhase
{
    private static readonly TimeSpan Resolution = TimeSpan.FromSeconds(1);
    private readonly TimeSpan window;
    private Instant earliest;
    private Instant latest;

    /// <summary>A phase not known yet.</summary>
    /// <param name="window">The window's length.</param>
    public WindowPhase(TimeSpan window) => this.window = window;

    /// <summary>True once a boundary is known to less than a quarter of the window.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>How far a true boundary may lie from <see cref="Boundary"/> on either side.</summary>
    public TimeSpan Uncertainty => (latest - earliest) / 2;

    /// <summary>A boundary, in the middle of where it may lie.</summary>
    public Instant Boundary => earliest + Uncertainty;

    /// <summary>Takes a report that the window ends in a span, stamped between two instants. True where the boundaries are not what they were.</summary>
    public bool Observe(TimeSpan resetIn, Instant sentAt, Instant now)
    {
        if (resetIn < TimeSpan.Zero || resetIn > window + Resolution)
        {
            return false;
        }

        // Whole seconds may have been rounded either way.
        var slack = resetIn.Ticks % TimeSpan.TicksPerSecond == 0 ? Resolution : TimeSpan.Zero;
        var (low, high) = (sentAt + resetIn - slack, now + resetIn + slack);
        if (high - low >= window / 4)
        {
            return false;
        }

        if (IsKnown)
        {
            var windows = Math.Round((double)((low + ((high - low) / 2)) - Boundary).Ticks / window.Ticks);
            var shift = TimeSpan.FromTicks((long)windows * window.Ticks);
            var (lower, upper) = (Instant.Max(low, earliest + shift), Instant.Min(high, latest + shift));
            if (lower <= upper)
            {
                (earliest, latest) = (lower, upper);
                return false;
            }
        }

        (earliest, latest, IsKnown) = (low, high, true);
        return true;
    }
}
