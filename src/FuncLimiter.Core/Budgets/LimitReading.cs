namespace FuncLimiter.Core.Budgets;

/// <summary>What one response's headers said of one limit. Null where they were silent or made no sense.</summary>
/// <param name="Dimension">What the limit counts.</param>
/// <param name="Window">The limit's window, where the provider's naming tells it (minute, day).</param>
/// <param name="Limit">The limit in force, in units of the dimension per window.</param>
/// <param name="Remaining">What was left when the provider stamped the response.</param>
/// <param name="ResetIn">Until when the limit is whole again (a bucket full, a fixed window over), counted from the response.</param>
public readonly record struct LimitReading(Dimension Dimension, TimeSpan? Window, long? Limit, long? Remaining, TimeSpan? ResetIn)
{
    /// <summary>True where this was said of such a limit. Without a window it speaks of the minute and longer, never of a slice of a minute.</summary>
    /// <param name="limit">A limit of the scope that was reported on.</param>
    public bool Concerns(Limit limit) =>
        Dimension == limit.Dimension && (Window is { } window ? window == limit.Window : !limit.IsSlice);
}
