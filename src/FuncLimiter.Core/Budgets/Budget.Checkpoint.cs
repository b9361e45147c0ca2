namespace FuncLimiter.Core.Budgets;

/// <content>What is kept durably, so that no crash lets out more than a limit.</content>
public sealed partial class Budget
{
    /// <summary>Begins a checkpoint: the state to keep, with an allowance for what may be taken until the next one is kept.</summary>
    /// <param name="allowances">Receives the allowance of each meter, to be handed to <see cref="Allow"/> once the state is kept.</param>
    /// <param name="now">Now.</param>
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
            Caution = caution.IsFixed ? null : caution.Save(),
            Charging = [.. learners.Where(learner => learner.Answers > 0).Select(learner => learner.Save())],
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
