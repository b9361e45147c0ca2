namespace FuncLimiter.Core.Budgets;

/// <content>What is kept durably, so that no crash lets out more than a limit.</content>
public sealed partial class Budget
{
    /// <summary>Begins a checkpoint: the state to keep, with an allowance for what may be taken until the next one is kept.</summary>
    /// <param name="allowances">Receives the allowance of each meter, to be handed to <see cref="Allow"/> once the state is kept.</param>
    /// <param name="isWaitedFor">
    /// Whether calls wait for a checkpoint: then no allowance becomes smaller. A call needs all its meters' at once, and those that have
    /// enough for it don't know that it waits for the others'.
    /// </param>
    internal BudgetState Save(out double[] allowances, Instant now, bool isWaitedFor = false)
    {
        (isDirty, savedCooldown) = (false, CooldownUntil);
        allowances = new double[meters.Length];
        var states = new MeterState[meters.Length];
        for (var i = 0; i < meters.Length; i++)
        {
            var meter = meters[i];
            if (meter.Dimension == Dimension.Concurrent)
            {
                // Calls under way end with the process: there is nothing to write ahead.
                allowances[i] = double.PositiveInfinity;
                states[i] = meter.Save(0, now);
                continue;
            }

            var ahead = Math.Max(2 * meter.TakenSinceCheckpoint, 2 * meter.WaitingForCheckpoint);
            var steady = double.IsFinite(meter.PerSecond) ? meter.PerSecond / 2 : meter.Capacity;
            var least = isWaitedFor ? meter.Allowance : 0;
            allowances[i] = Math.Min(meter.Capacity, Math.Max(least, Math.Max(ahead, steady)));
            states[i] = meter.Save(allowances[i], now);
        }

        return new(Name, states, CooldownUntil.Ticks)
        {
            AtTicks = now.Ticks,
            LikelyEndTicks = LikelyEnd.Ticks,
            Found = Found,
            Caution = caution.IsFixed ? null : caution.Save(),
            // What a person said stands in the audit, and is said again from there.
            Charging = [.. learners.Where(learner => learner.Answers > 0).Select(learner => learner.Save() with { IsPinned = false })],
        };
    }

    /// <summary>
    /// From a checkpoint's beginning on, no more goes out than it allows: whether it was kept is not known before its end, and after a
    /// crash either it or the one before is what is found.
    /// </summary>
    internal void Restrict(double[] allowances)
    {
        for (var i = 0; i < meters.Length; i++)
        {
            meters[i].Allowance = Math.Min(meters[i].Allowance, allowances[i]);
        }
    }

    /// <summary>A checkpoint was not kept: the next one must have this budget again.</summary>
    internal void Touch() => (isDirty, savedCooldown) = (true, Instant.Unknown);

    /// <summary>Ends a checkpoint: its allowances, less what was taken since it began, are in force.</summary>
    internal void Allow(double[] allowances)
    {
        for (var i = 0; i < meters.Length; i++)
        {
            meters[i].Allowance = allowances[i] - meters[i].TakenSinceCheckpoint;
        }
    }

    /// <summary>From now on nothing is taken that no checkpoint allows.</summary>
    internal void KeepDurably()
    {
        foreach (var meter in meters)
        {
            meter.Allowance = meter.Dimension == Dimension.Concurrent ? double.PositiveInfinity : 0;
        }
    }

    /// <summary>Takes on a state kept by an earlier process; meters that the configuration no longer has are passed over.</summary>
    internal void Restore(BudgetState state, Instant now)
    {
        CooldownUntil = Instant.Min(new(state.CooldownUntilTicks), now + MostCooldown);
        LikelyEnd = Instant.Min(new(state.LikelyEndTicks), now + MostCooldown);
        if (state.Caution is { } learned)
        {
            caution.Resume(learned, now);
            Reconsider(now);
        }

        foreach (var kept in state.Charging.OfType<ChargeState>())
        {
            foreach (var learner in learners)
            {
                if (learner.Dimension == kept.Dimension && learner.Limit.Window.Ticks == kept.WindowTicks)
                {
                    learner.Restore(kept);
                }
            }
        }

        foreach (var kept in state.Meters.OfType<MeterState>())
        {
            foreach (var meter in meters)
            {
                if (meter.Dimension == kept.Dimension && meter.Limit.Window.Ticks == kept.WindowTicks)
                {
                    meter.Restore(kept, now);
                }
            }
        }
    }
}

/// <summary>What must outlive a process of one budget.</summary>
/// <param name="Name">The budget's name.</param>
/// <param name="Meters">Its meters.</param>
/// <param name="CooldownUntilTicks">Until when the provider closed it.</param>
public sealed record BudgetState(string Name, IReadOnlyList<MeterState> Meters, long CooldownUntilTicks)
{
    /// <summary>When a quota of it that is spent is likely whole again; nothing in what an older version kept.</summary>
    public long LikelyEndTicks { get; init; }

    /// <summary>What was learned of how the provider charges it; nothing in what an older version kept.</summary>
    public IReadOnlyList<ChargeState> Charging { get; init => field = value ?? []; } = [];

    /// <summary>What was learned of how far to stay from its limits; null in what an older version kept.</summary>
    public CautionState? Caution { get; init; }

    /// <summary>Which budgets were found to share it, though no person wrote so; null of any other.</summary>
    public FoundLimit? Found { get; init; }

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
