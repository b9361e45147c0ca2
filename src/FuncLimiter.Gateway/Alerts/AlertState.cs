using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Gateway.Alerts;

/// <summary>
/// How one budget stands with alerts. A level begins once its threshold was reached without a break for a while; it ends once the share
/// has been clearly below for a longer while: a share that wavers about a threshold raises one alert, not one a second.
/// </summary>
/// <param name="Level">The level.</param>
/// <param name="Since">Since when.</param>
/// <param name="WarnSince">Since when the share is at the first threshold or above; <see cref="Instant.Unknown"/> while it is not.</param>
/// <param name="ActSince">The same of the second threshold.</param>
/// <param name="CalmSince">Since when the share is clearly below the level's threshold.</param>
internal readonly record struct AlertState(AlertLevel Level, Instant Since, Instant WarnSince, Instant ActSince, Instant CalmSince)
{
    /// <summary>Far from any threshold.</summary>
    public static readonly AlertState Quiet = new(AlertLevel.Normal, Instant.Distant, Instant.Unknown, Instant.Unknown, Instant.Unknown);

    /// <summary>True where nothing is to be remembered.</summary>
    public bool IsQuiet => Level == AlertLevel.Normal && !WarnSince.IsKnown;

    /// <summary>How it stands after another look.</summary>
    /// <param name="use">The share in use.</param>
    /// <param name="now">When.</param>
    /// <param name="policy">When levels begin and end.</param>
    public AlertState Next(double use, Instant now, AlertPolicy policy)
    {
        var next = this with
        {
            WarnSince = use >= policy.WarnAt ? Instant.Min(WarnSince, now) : Instant.Unknown,
            ActSince = use >= policy.ActAt ? Instant.Min(ActSince, now) : Instant.Unknown,
            CalmSince = Level != AlertLevel.Normal && use < ThresholdOf(Level, policy) - policy.Gap ? Instant.Min(CalmSince, now) : Instant.Unknown,
        };
        var reached = Has(next.ActSince, policy.Sustained, now) ? AlertLevel.Act
            : Has(next.WarnSince, policy.Sustained, now) ? AlertLevel.Warn
            : AlertLevel.Normal;
        if (reached > Level)
        {
            return next with { Level = reached, Since = now, CalmSince = Instant.Unknown };
        }

        if (Has(next.CalmSince, policy.Calm, now))
        {
            var left = Level == AlertLevel.Act && use >= policy.WarnAt - policy.Gap ? AlertLevel.Warn : AlertLevel.Normal;
            return next with { Level = left, Since = now, CalmSince = Instant.Unknown };
        }

        return next;
    }

    private static bool Has(Instant since, TimeSpan lasted, Instant now) => since.IsKnown && now - since >= lasted;

    private static double ThresholdOf(AlertLevel level, AlertPolicy policy) => level == AlertLevel.Act ? policy.ActAt : policy.WarnAt;
}
