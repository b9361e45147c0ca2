using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Budgets;

/// <summary>
/// A continuous bucket told from the list of everything taken, by its definition: what is used is the largest surplus of any span that
/// ends now. Slow, and shares nothing with the meter.
/// </summary>
internal sealed class ReferenceBucket(double capacity, double perSecond, double guard) : IReferenceMeter
{
    private readonly List<(Instant At, double Amount)> taken = [];

    public void Take(double amount, Instant now) => taken.Add((now, amount));

    public void Settle(double amount, double final, Instant takenAt, Instant now)
    {
        if (final > amount)
        {
            taken.Add((now, final - amount));
        }
        else if (taken.FindIndex(entry => entry.At == takenAt && entry.Amount == amount) is >= 0 and var index)
        {
            taken[index] = (takenAt, final);
        }
    }

    public double Used(Instant now) => Math.Max(0, Surplus(now));

    public double SecondsUntilFits(double amount, Instant now)
    {
        var over = Surplus(now) + amount - (capacity - guard);
        return taken.Count == 0 || over <= 0 ? 0 : over / perSecond;
    }

    // The largest surplus; below zero once the bucket has been full for a while.
    private double Surplus(Instant now)
    {
        var (most, sum) = (double.NegativeInfinity, 0.0);
        for (var i = taken.Count - 1; i >= 0; i--)
        {
            sum += taken[i].Amount;
            most = Math.Max(most, sum - (perSecond * (now - taken[i].At).TotalSeconds));
        }

        return most;
    }
}
