using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core;

/// <content>Instants go on steadily whatever the wall clock is set to. Days alone, and leases of a machine that slept, hang on it.</content>
public sealed partial class Limiter
{
    /// <summary>Clocks that are this near to each other agree.</summary>
    private static readonly TimeSpan Noticeable = TimeSpan.FromSeconds(1);

    /// <summary>So long a wall clock must have been ahead before a day begins by it: one that was set wrong is mostly set right sooner.</summary>
    private static readonly TimeSpan BelievedAfter = TimeSpan.FromHours(1);

    private TimeSpan wallAhead;
    private TimeSpan toldAhead;
    private Instant aheadSince = Instant.Unknown;

    /// <summary>
    /// Tells how far the wall clock is ahead of the instants that are handed in. Where it has fallen back, days end later at once, and nothing
    /// used is forgotten; where it has run ahead, days end earlier once it has stood so for an hour. A clock that ran ahead may also mean that
    /// the machine was suspended: then leases may have ended unseen, and are void.
    /// </summary>
    /// <param name="ahead">How far; negative where it is behind.</param>
    /// <param name="now">Now, by the steady clock.</param>
    public void FollowWall(TimeSpan ahead, Instant now)
    {
        now = Clock(now);
        if (Leases is not null && ahead - toldAhead > Leases.ClockMargin)
        {
            Leases.Void(now);
        }

        toldAhead = ahead;
        if (ahead > wallAhead + Noticeable)
        {
            aheadSince = Instant.Min(aheadSince, now);
            if (now - aheadSince < BelievedAfter)
            {
                return;
            }
        }
        else if (ahead >= wallAhead - Noticeable)
        {
            aheadSince = Instant.Unknown;
            return;
        }

        (wallAhead, aheadSince) = (ahead, Instant.Unknown);
        foreach (var budget in Durable())
        {
            budget.FollowWall(ahead, now);
        }

        foreach (var tenant in tenants.All)
        {
            tenant.FollowWall(ahead, now);
        }

        ReleaseAll(now);
    }
}
