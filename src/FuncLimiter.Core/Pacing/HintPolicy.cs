namespace FuncLimiter.Core.Pacing;

/// <summary>How a provider's hint (<c>Retry-After</c> and its kin) is followed: not a moment before it, and not all callers at once.</summary>
public sealed record HintPolicy
{
    /// <summary>
    /// The longest hint that is believed; default a week, as long as a scope can be closed. A call whose deadline lies before a hint's end is
    /// refused anyway, and told it.
    /// </summary>
    public TimeSpan Cap { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How much of the hint chance may add, 0 to 1; default 0.1.</summary>
    public double JitterShare { get; init; } = 0.1;

    /// <summary>The span over which callers are spread at least, however short the hint; default 50 ms.</summary>
    public TimeSpan MinJitter { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The span over which callers are spread at most; default 1 second.</summary>
    public TimeSpan MaxJitter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Names every value that is out of its range.</summary>
    internal IEnumerable<string> Mistakes(string name)
    {
        if (Cap <= TimeSpan.Zero)
            yield return $"{name}.{nameof(Cap)} must be above zero.";
        if (JitterShare is not (>= 0 and <= 1))
            yield return $"{name}.{nameof(JitterShare)} must lie between 0 and 1.";
        if (MinJitter < TimeSpan.Zero)
            yield return $"{name}.{nameof(MinJitter)} must not be negative.";
        if (MaxJitter < MinJitter)
            yield return $"{name}.{nameof(MaxJitter)} must be at least {nameof(MinJitter)}.";
    }
}
