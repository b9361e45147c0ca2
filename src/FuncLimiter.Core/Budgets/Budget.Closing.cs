namespace FuncLimiter.Core.Budgets;

/// <content>The scope is closed for a while, or in part to background work.</content>
public sealed partial class Budget
{
    private const double MostKeptFree = 0.95;

    /// <summary>Closes the scope until an instant, at most a week ahead. An earlier end never shortens a later one.</summary>
    /// <param name="until">The instant.</param>
    /// <param name="cause">What the provider answered that closes it; null where it is closed by a person's word.</param>
    public void CoolDown(Instant until, Instant now, OutcomeKind? cause = null)
    {
        isDirty = true;
        until = Instant.Min(until, now + MostCooldown);
        if (until > CooldownUntil)
        {
            CooldownUntil = until;
            ClosedBy = cause;
            Lease?.Close(until);
            if (until - now >= Caution.LongPause && Array.Exists(meters, meter => meter is ContinuousBucket))
            {
                caution.Pause();
            }
        }
    }

    /// <summary>How often a person opened it before its time: what its calls met before that counts no more.</summary>
    internal int Openings { get; private set; }

    /// <summary>Whether the provider closed it, or said that a quota of it is spent.</summary>
    internal bool IsClosed(Instant now) => CooldownUntil > now || LikelyEnd > now;

    /// <summary>Takes over what the owner says of the scope; what it was not told yet stands.</summary>
    internal void FollowOwner(Instant now)
    {
        var until = Instant.Min(Lease!.ClosedUntil, now + MostCooldown);
        Openings += until <= now && CooldownUntil > now ? 1 : 0;
        ClosedBy = until > CooldownUntil ? null : ClosedBy;
        CooldownUntil = until;
    }

    /// <summary>Opens the scope again, by a person's word.</summary>
    public void EndCooldown()
    {
        isDirty = true;
        Openings++;
        (CooldownUntil, LikelyEnd) = (Instant.Distant, Instant.Distant);
        Lease?.Close(Instant.Distant);
    }

    /// <summary>The first instant at which a charge fits and leaves <see cref="KeptFree"/> of each meter to others.</summary>
    internal Instant FitsBesideOthersAt(in Charge charge, in Charge certain, Instant now)
    {
        var fits = FitsAt(charge, certain, now);
        if (KeptFree <= 0 || Lease is not null || !fits.IsKnown)
        {
            return fits;
        }

        foreach (var meter in asked)
        {
            var amount = Charge.Clip(charge[meter.Dimension], certain[meter.Dimension], meter.Capacity);
            if (amount > 0)
            {
                // A charge near the whole limit has the bucket to itself, as without others.
                var wanted = Math.Min(amount + meter.Capacity * KeptFree, meter.Capacity * MostKeptFree);
                fits = Instant.Max(fits, meter.FitsAt(Math.Max(amount, wanted), now));
            }
        }

        return fits;
    }
}
