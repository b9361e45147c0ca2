using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Budgets;

/// <summary>A sliding window told from the list of everything taken: what is used is the sum of what lies less than a span back.</summary>
internal sealed class ReferenceWindow(double limit, TimeSpan span) : IReferenceMeter
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

    public double Used(Instant now) => taken.Where(entry => entry.At + span > now).Sum(entry => entry.Amount);

    public double SecondsUntilFits(double amount, Instant now)
    {
        var used = Used(now);
        var ends = taken.Where(entry => entry.At + span > now).GetEnumerator();
        var fits = now;
        while (used + amount > limit && ends.MoveNext())
        {
            used -= ends.Current.Amount;
            fits = ends.Current.At + span;
        }

        return (fits - now).TotalSeconds;
    }
}
