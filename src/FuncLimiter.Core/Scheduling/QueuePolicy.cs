namespace FuncLimiter.Core.Scheduling;

/// <summary>Bounds and floors of the queue.</summary>
public sealed record QueuePolicy
{
    /// <summary>The longest wait by priority: interactive, standard, background.</summary>
    public IReadOnlyList<TimeSpan> MaxWait { get; init; } = [TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(120), TimeSpan.FromHours(1)];

    /// <summary>The share of service that a class keeps while higher ones wait, by priority; 0 to 1, the first is not used.</summary>
    public IReadOnlyList<double> Floor { get; init; } = [0, 0.1, 0.05];

    /// <summary>How many calls may wait at once.</summary>
    public int MaxWaiting { get; init; } = 100_000;

    /// <summary>How many users of one tenant are remembered; past that, those with nothing taken are forgotten first.</summary>
    public int MaxUsers { get; init; } = 100_000;
}
