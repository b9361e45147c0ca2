namespace FuncLimiter.Core.Budgets;

/// <summary>Room that background work leaves to others.</summary>
internal static class KeptFree
{
    private const double MostOfAll = 0.95;

    /// <summary>The first instant at which a charge fits a budget and leaves <see cref="Budget.KeptFree"/> of each of its meters to others.</summary>
    public static Instant FitsBesideOthersAt(this Budget budget, in Charge charge, in Charge certain, Instant now)
    {
        var fits = budget.FitsAt(charge, certain, now);
        if (budget.KeptFree <= 0 || budget.Lease is not null || !fits.IsKnown)
        {
            return fits;
        }

        foreach (var meter in budget.Meters)
        {
            var amount = Charge.Clip(charge[meter.Dimension], certain[meter.Dimension], meter.Capacity);
            if (amount > 0)
            {
                // A charge near the whole limit has the bucket to itself, as without others.
                var wanted = Math.Min(amount + meter.Capacity * budget.KeptFree, meter.Capacity * MostOfAll);
                fits = Instant.Max(fits, meter.FitsAt(Math.Max(amount, wanted), now));
            }
        }

        return fits;
    }
}
