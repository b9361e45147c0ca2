namespace FuncLimiter.Simulation.Fleets;

/// <summary>How long answered calls waited, in milliseconds.</summary>
/// <param name="Count">How many there were.</param>
/// <param name="P50">Half of them waited no longer.</param>
/// <param name="P99">99 of 100 waited no longer.</param>
/// <param name="Longest">The longest wait.</param>
public sealed record WaitReport(long Count, double P50, double P99, double Longest);
