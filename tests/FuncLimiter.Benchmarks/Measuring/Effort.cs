namespace FuncLimiter.Benchmarks.Measuring;

/// <summary>How much measuring a run may do.</summary>
/// <param name="Rounds">Rounds per contender.</param>
/// <param name="RoundTime">How long one contender is measured in a round.</param>
/// <param name="WarmUp">How long a contender runs before its first round.</param>
internal sealed record Effort(int Rounds, TimeSpan RoundTime, TimeSpan WarmUp);
