using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Tests.Invariants;

/// <summary>
/// Everything that was ever taken of one limit, and by the definition of its algorithm what is in use. What counts later than it was
/// taken, by the jitter that a limiter allows for, is still counted.
/// </summary>
internal sealed class Book(Limit limit, TimeSpan jitter)
{
    private readonly List<(int Id, Instant At, double Amount, bool IsUnderWay)> entries = [];
    private Instant at = Instant.Never;
    private double used;

    private double PerSecond { get; } = limit.Amount / limit.Window.TotalSeconds;

    public Dimension Dimension => limit.Dimension;

    /// <summary>The most that a call may ask for at once without coming near the limit.</summary>
    public double Capacity => limit is { Algorithm: LimitAlgorithm.Bucket, BurstSeconds: { } seconds }
        ? Math.Min(limit.Amount, Math.Max(1, seconds * PerSecond))
        : limit.Amount;

    /// <summary>The same, for several calls together.</summary>
    public double Room => Capacity - Guard;

    private double Guard => limit.Algorithm == LimitAlgorithm.Bucket ? Math.Min(Capacity / 2, PerSecond * jitter.TotalSeconds) : 0;

    public void Take(int id, double amount, Instant now)
    {
        at = Instant.Never;
        entries.Add((id, now, amount, true));
    }

    /// <summary>A call is over. What it came to beyond what was taken counts from now on.</summary>
    public void Settle(int id, double final, Instant now)
    {
        at = Instant.Never;
        var index = entries.FindIndex(entry => entry.Id == id && entry.IsUnderWay);
        if (index < 0)
        {
            return;
        }

        var entry = entries[index];
        entries[index] = entry with { Amount = Math.Min(final, entry.Amount), IsUnderWay = false };
        if (final > entry.Amount)
        {
            entries.Add((id, now, final - entry.Amount, false));
        }
    }

    /// <summary>Whether an amount fits; surely, or as far as one can tell.</summary>
    public bool Fits(double amount, Instant now, bool surely)
    {
        if (amount <= 0)
        {
            return true;
        }

        (used, at) = at == now ? (used, at) : (UsedAt(now), now);
        return amount <= Capacity && (entries.Count == 0 || used + amount <= Room - (surely ? 1e-6 : -1e-6));
    }

    private double UsedAt(Instant now)
    {
        switch (limit.Algorithm)
        {
            case LimitAlgorithm.Concurrency:
                return entries.Count(entry => entry.IsUnderWay);
            case LimitAlgorithm.Bucket:
                return Surplus(now);
            case LimitAlgorithm.CalendarDay:
                var end = DayOf(now) + 1;
                return new Instant((end * TimeSpan.TicksPerDay) - Offset) - now <= jitter || DayOf(now - jitter) != DayOf(now)
                    ? double.PositiveInfinity
                    : entries.Where(entry => DayOf(entry.At + jitter) == DayOf(now)).Sum(entry => entry.Amount);
            default:
                return entries.Where(entry => entry.At + limit.Window + jitter >= now).Sum(entry => entry.Amount);
        }
    }

    private long Offset => limit.TimeZone?.BaseUtcOffset.Ticks ?? 0;

    private long DayOf(Instant instant) => (instant.Ticks + Offset) / TimeSpan.TicksPerDay;

    // The largest surplus of any span that ends now; below zero once the bucket has been full for a while.
    private double Surplus(Instant now)
    {
        var (most, sum) = (double.NegativeInfinity, 0.0);
        for (var i = entries.Count - 1; i >= 0; i--)
        {
            sum += entries[i].Amount;
            most = Math.Max(most, sum - (PerSecond * (now - entries[i].At).TotalSeconds));
        }

        return most;
    }
}
