using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>
/// What one user may take for now, in tokens. A call larger than the whole cap goes out when the cap is whole, and is paid off before the
/// next: a cap slows down and never shuts out.
/// </summary>
internal sealed class UsageCap(long tokensPerMinute, Instant since)
{
    private const double BurstSeconds = 5;

    private readonly ContinuousBucket bucket = new(
        new Limit(Dimension.Tokens, Math.Max(1, tokensPerMinute), TimeSpan.FromMinutes(1), LimitAlgorithm.Bucket) { BurstSeconds = BurstSeconds }, Caution.None());

    public Instant FitsAt(in Charge charge, Instant now) => bucket.FitsAt(Math.Min(charge.Tokens, bucket.Capacity), now);

    public void Take(in Charge charge, Instant now) => bucket.Take(charge.Tokens, now);

    public void Settle(in Charge held, in Charge final, Instant takenAt, Instant now)
    {
        // What went out before is not in the bucket, so there is nothing to give back.
        if (takenAt >= since)
        {
            bucket.Settle(held.Tokens, final.Tokens, takenAt, now);
        }
    }

    public double Cost(in Charge charge) => charge.Tokens * bucket.SecondsPerUnit;
}
