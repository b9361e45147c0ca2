namespace FuncLimiter.Core.Budgets;

/// <summary>An amount of one dimension per window, with the algorithm by which it is enforced.</summary>
/// <param name="Dimension">What is counted.</param>
/// <param name="Amount">How much a window holds; at least 1.</param>
/// <param name="Window">The window's length; <see cref="TimeSpan.Zero"/> for <see cref="LimitAlgorithm.Concurrency"/>.</param>
/// <param name="Algorithm">How it is enforced.</param>
public sealed record Limit(Dimension Dimension, long Amount, TimeSpan Window, LimitAlgorithm Algorithm)
{
    /// <summary>For a bucket: how much it holds when full, as seconds of refill; null means a whole window.</summary>
    public double? BurstSeconds { get; init; }

    /// <summary>For a calendar day: the zone of its midnight; null means UTC.</summary>
    public TimeZoneInfo? TimeZone { get; init; }

    /// <summary>True where the window is a part of a minute.</summary>
    public bool IsSlice => Window > TimeSpan.Zero && Window < TimeSpan.FromMinutes(1);

    /// <summary>Units that come back per second.</summary>
    public double PerSecond => Window > TimeSpan.Zero ? Amount / Window.TotalSeconds : double.PositiveInfinity;

    /// <summary>The most that can be taken at once.</summary>
    public double Capacity => Algorithm == LimitAlgorithm.Bucket && BurstSeconds is { } seconds
        ? Math.Min(Amount, Math.Max(1, seconds * PerSecond))
        : Amount;
}
