using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Budgets;

/// <summary>A meter told from the list of everything taken, by brute force.</summary>
internal interface IReferenceMeter
{
    void Take(double amount, Instant now);

    /// <summary>Replaces what was taken: less as if it had always been less, more from now on.</summary>
    void Settle(double amount, double final, Instant takenAt, Instant now);

    double Used(Instant now);

    /// <summary>Seconds until an amount fits if nothing else is taken.</summary>
    double SecondsUntilFits(double amount, Instant now);
}
