using FuncLimiter.Simulation.Providers;

namespace FuncLimiter.Simulation.Virtual;

/// <summary>What a provider's headers say of one limit by the minute.</summary>
/// <param name="Dimension">What it counts.</param>
/// <param name="Limit">The limit in force, per minute.</param>
/// <param name="Remaining">What is left.</param>
/// <param name="ResetSeconds">Until when nothing counts any more: a bucket full, a window over.</param>
public readonly record struct VirtualReading(LimitDimension Dimension, long Limit, long Remaining, double ResetSeconds);
