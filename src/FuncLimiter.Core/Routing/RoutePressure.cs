using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Routing;

/// <summary>Whether a route is under pressure. It begins at once and ends only after a calm while, so that no call goes back and forth.</summary>
internal sealed class RoutePressure(PressurePolicy policy)
{
    private Instant calmSince = Instant.Unknown;

    /// <summary>Whether it was under pressure when it was last looked at.</summary>
    public bool IsOn { get; private set; }

    /// <summary>Looks at the share in use of the target with the most headroom.</summary>
    public bool Look(double use, Instant now)
    {
        if (use >= policy.BeginsAt)
        {
            (IsOn, calmSince) = (true, Instant.Unknown);
        }
        else if (use >= policy.EndsBelow)
        {
            calmSince = Instant.Unknown;
        }
        else if (IsOn)
        {
            calmSince = Instant.Min(calmSince, now);
            IsOn = now - calmSince < policy.Calm;
        }

        return IsOn;
    }
}
