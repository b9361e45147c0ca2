namespace FuncLimiter.Core.Budgets;

/// <summary>What must outlive a process of one budget.</summary>
/// <param name="Name">The budget's name.</param>
/// <param name="Meters">Its meters.</param>
/// <param name="CooldownUntilTicks">Until when the provider closed it.</param>
public sealed record BudgetState(string Name, IReadOnlyList<MeterState> Meters, long CooldownUntilTicks)
{
    /// <summary>What was learned of how the provider charges it; nothing in what an older version kept.</summary>
    public IReadOnlyList<ChargeState> Charging { get; init => field = value ?? []; } = [];

    /// <summary>What was learned of how far to stay from its limits; null in what an older version kept.</summary>
    public CautionState? Caution { get; init; }

    /// <summary>When it was so; 0 where that is not known.</summary>
    public long AtTicks { get; init; }

    /// <summary>The run of the machine in which it was so, and the reading of its monotonic clock then; null where that is not known.</summary>
    public string? Boot { get; init; }

    /// <summary>See <see cref="Boot"/>; in ticks.</summary>
    public long UptimeTicks { get; init; }

    /// <summary>The same at another time: what was so then is so now, with everything that it remembers moved along.</summary>
    public BudgetState MovedTo(Instant at)
    {
        var by = at.Ticks - AtTicks;
        return this with
        {
            AtTicks = at.Ticks,
            CooldownUntilTicks = CooldownUntilTicks > 0 ? Math.Max(0, CooldownUntilTicks + by) : 0,
            Meters = [.. Meters.OfType<MeterState>().Select(meter => meter with { AtTicks = meter.AtTicks + by, EntryTicks = [.. meter.EntryTicks.Select(ticks => ticks + by)] })],
        };
    }
}

/// <summary>What must outlive a process of one meter. Small, plain, and safe to restore late: what it holds counts as taken.</summary>
/// <param name="Dimension">What is counted.</param>
/// <param name="WindowTicks">The window, which with the dimension names the meter within its budget.</param>
/// <param name="AtTicks">The instant at which <paramref name="Used"/> held.</param>
/// <param name="Used">What was taken at that instant, allowance included.</param>
public sealed record MeterState(Dimension Dimension, long WindowTicks, long AtTicks, double Used)
{
    /// <summary>For windows: when the parts were taken, oldest first, as ticks.</summary>
    public long[] EntryTicks { get; init => field = value ?? []; } = [];

    /// <summary>The amount that was begun with, in units per window; 0 in what an older version kept. What was learned of another amount is void.</summary>
    public long Amount { get; init; }

    /// <summary>The limit as learned, in units per window.</summary>
    public double Learned { get; init; }

    /// <summary>What the provider's management API told; null where nothing was read.</summary>
    public long? Read { get; init; }

    /// <summary>When that was.</summary>
    public long ReadAtTicks { get; init; }

    /// <summary>What an answer last reported; null where none has.</summary>
    public long? Reported { get; init; }

    /// <summary>When it did.</summary>
    public long ReportedAtTicks { get; init; }

    /// <summary>For windows: how much each part was.</summary>
    public double[] EntryAmounts { get; init => field = value ?? []; } = [];
}
