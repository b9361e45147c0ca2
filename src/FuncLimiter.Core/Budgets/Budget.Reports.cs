namespace FuncLimiter.Core.Budgets;

/// <content>The state for people and metrics.</content>
public sealed partial class Budget
{
    /// <summary>The share in use of the fullest meter, 0 to 1; 1 while the scope is closed.</summary>
    public double Utilization(Instant now)
    {
        double most = CooldownUntil > now ? 1 : 0;
        for (var i = 0; i < meters.Length; i++)
        {
            most = Math.Max(most, Math.Min(1, UsedOf(i, now) / meters[i].Capacity));
        }

        return most;
    }

    /// <summary>The state for people and metrics.</summary>
    public BudgetReport Report(Instant now) => new(Name, [.. meters.Select((meter, i) => Report(meter, UsedOf(i, now), now))], CooldownUntil, Utilization(now))
    {
        Learned = caution.IsFixed || caution.Heard == 0 ? null : new(caution.Jitter, caution.Factor, caution.Since, caution.Heard),
    };

    private ChargeReport? ChargingOf(Meter meter)
    {
        foreach (var learner in learners)
        {
            if (learner.Dimension == meter.Dimension && learner.Limit.Window == meter.Limit.Window && learner.Answers > 0)
            {
                return new(learner.Rule, learner.Factor, learner.Offset, learner.Since, learner.Answers);
            }
        }

        return null;
    }

    // Of a window each instance knows exactly what it used, and the owner what the others did; of a bucket only the owner knows what flows where.
    private double UsedOf(int meter, Instant now) => Lease is not { } lease ? meters[meter].Used(now)
        : meters[meter] is ContinuousBucket or ConcurrencyMeter ? Math.Max(meters[meter].Used(now), lease.Use[meter] * meters[meter].Capacity)
        : Math.Min(meters[meter].Capacity, meters[meter].Used(now) + lease.UsedByOthers(meter, now));

    private MeterReport Report(Meter meter, double used, Instant now)
    {
        var whole = meter.WholeAt(now);
        return new(
            meter.Dimension,
            meter.Limit.Window.TotalSeconds,
            meter.Limit.IsOpen ? Math.Min(meter.Read ?? meter.Reported ?? meter.Limit.Amount, meter.Reported ?? Limit.Unbounded) : meter.Limit.Amount,
            meter.Effective,
            meter.Capacity,
            used,
            whole.IsKnown ? Math.Max(0, (whole - now).TotalSeconds) : 0,
            meter.Total)
        {
            Charging = ChargingOf(meter),
            GivesAtOnce = meter.Limit.Window > TimeSpan.Zero && meter.Round(default) is not null,
            IsOpen = meter.Limit.IsOpen,
            Read = meter.Read,
            ReadAt = meter.ReadAt,
            Reported = meter.Reported,
            ReportedAt = meter.ReportedAt,
        };
    }
}
