using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Leasing;

/// <summary>What a book has of one limit beyond what is lent. Whatever is lent counts as if it could be used at any moment.</summary>
internal abstract class LeaseAccount(Limit limit)
{
    internal Limit Limit { get; } = limit;

    internal Dimension Dimension => Limit.Dimension;

    /// <summary>Which limit it is of, to tell whether a stored state is of the same.</summary>
    internal string Name { get; } = FormattableString.Invariant($"{limit.Dimension}/{limit.Window.TotalSeconds}/{limit.Algorithm}");

    /// <summary>The most that one instance could ever have.</summary>
    internal abstract double Capacity { get; }

    /// <summary>Whether leases refill at the instances: then rates are divided, else amounts.</summary>
    internal abstract bool Flows { get; }

    internal static LeaseAccount Create(Limit limit, Caution caution, LeasePolicy policy) => limit.Algorithm switch
    {
        LimitAlgorithm.Bucket => new BucketAccount(limit, caution),
        _ => new WindowAccount(limit, caution, policy),
    };

    /// <summary>Whether what is used takes more than minutes to come back.</summary>
    internal abstract bool IsSlow { get; }

    /// <summary>Whether nothing counts as used or lent.</summary>
    internal abstract bool IsWhole { get; }

    /// <summary>Lets time pass.</summary>
    internal abstract void Advance(Instant now);

    /// <summary>What there is to divide: units per second, or units not used yet.</summary>
    internal abstract double Pool { get; }

    /// <summary>What could be lent at this moment, with so much lent already.</summary>
    internal abstract double Free { get; }

    /// <summary>What comes back to the book per second; 0 where it comes back all at once.</summary>
    internal abstract double Refill { get; }

    /// <summary>
    /// When an amount could be lent if nothing else changed but time; <see cref="Instant.Unknown"/> where time brings nothing.
    /// </summary>
    internal abstract Instant FreeAt(double amount);

    /// <summary>The share in use, 0 to 1.</summary>
    /// <param name="unused">What instances have and had not used when they last told.</param>
    internal abstract double UseWith(double unused);

    /// <summary>Tells what is lent in all from now on, and the largest single charge that is to be served.</summary>
    internal abstract void Reserve(double rate, double capacity, double largest);

    /// <summary>Lends an amount.</summary>
    internal abstract void Grant(double amount);

    /// <summary>Takes back an amount that was lent and not used.</summary>
    internal abstract void Return(double amount);

    /// <summary>Counts an amount that was lent and used, now at the latest.</summary>
    internal abstract void Spend(double amount);

    /// <summary>Takes back a part of an amount that had counted as used.</summary>
    internal abstract void Refund(double amount, Instant takenAt);

    /// <summary>Learns what a provider said of this limit.</summary>
    internal abstract void Observe(in LimitReading reading, Instant sentAt);

    /// <summary>The provider said that nothing is left.</summary>
    internal abstract void Drain();

    /// <summary>Caution changed.</summary>
    internal abstract void Reconsider();

    internal abstract LeaseAccountState Export();

    internal abstract void Import(LeaseAccountState state, Instant now);
}
