namespace FuncLimiter.Simulation.Providers;

/// <summary>How long answers take. Zero means at once.</summary>
/// <param name="Base">Until the first token.</param>
/// <param name="PerOutputToken">For each output token of one choice.</param>
public sealed record LatencyOptions(TimeSpan Base, TimeSpan PerOutputToken)
{
    /// <summary>Answers at once.</summary>
    public static LatencyOptions None { get; } = new(TimeSpan.Zero, TimeSpan.Zero);
}
