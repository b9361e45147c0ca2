namespace FuncLimiter.Core.Budgets;

/// <summary>What must outlive a process of one meter. Small, plain, and safe to restore late: what it holds counts as taken.</summary>
/// <param name="Dimension">What is counted.</param>
/// <param name="WindowTicks">The window, which with the dimension names the meter within its budget.</param>
/// <param name="AtTicks">The instant at which <paramref name="Used"/> held.</param>
/// <param name="Used">What was taken at that instant, allowance included.</param>
public sealed record MeterState(Dimension Dimension, long WindowTicks, long AtTicks, double Used)
{
    /// <summary>For windows: when the parts were taken, oldest first, as ticks.</summary>
    public long[] EntryTicks { get; init => field = value ?? []; } = [];

    /// <summary>For windows: how much each part was.</summary>
    public double[] EntryAmounts { get; init => field = value ?? []; } = [];
}
