namespace FuncLimiter.Benchmarks.Measuring;

/// <summary>One quantity that a round gave.</summary>
internal readonly record struct Sample(string Name, double Value);

/// <summary>Something to be measured against others.</summary>
/// <param name="Name">Its name in the report.</param>
/// <param name="Note">What it does in one unit of work.</param>
/// <param name="Measure">Works for a while and hands back what that gave; the same quantities every time.</param>
internal sealed record Contender(string Name, string Note, Func<TimeSpan, Task<IReadOnlyList<Sample>>> Measure);
