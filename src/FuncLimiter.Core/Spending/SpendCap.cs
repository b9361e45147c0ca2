using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Spending;

/// <summary>Whose spending a budget bounds.</summary>
public enum SpendSubject
{
    /// <summary>A tenant.</summary>
    Tenant,

    /// <summary>A tenant's user.</summary>
    User,

    /// <summary>A tenant's workflow.</summary>
    Workflow,

    /// <summary>A tenant's run, from its first call on.</summary>
    Run,

    /// <summary>An account at a provider.</summary>
    Account,

    /// <summary>A model, by its name at the providers.</summary>
    Model,
}

/// <summary>For how long a budget is given; then there is a new one.</summary>
public enum SpendPeriod
{
    /// <summary>As long as the run lasts.</summary>
    Run,

    /// <summary>An hour of the clock.</summary>
    Hour,

    /// <summary>A calendar day.</summary>
    Day,

    /// <summary>A calendar week, from Monday on.</summary>
    Week,

    /// <summary>A calendar month.</summary>
    Month,
}

/// <summary>What may be spent, by whom, in which time.</summary>
/// <param name="For">Whose spending it bounds.</param>
/// <param name="Per">For how long it is given; <see cref="SpendPeriod.Run"/> for runs, and only for them.</param>
/// <param name="Limit">How much; <see cref="SpendAmount.Unbounded"/> for what is not bounded.</param>
public sealed record SpendCap(SpendSubject For, SpendPeriod Per, SpendAmount Limit)
{
    /// <summary>The tenant, user, workflow, account or model that it is for; null for each of them that has no budget of its own.</summary>
    public string? Name { get; init; }

    /// <summary>The tenant whose users, workflows or runs it is for; null for every tenant's.</summary>
    public string? Tenant { get; init; }

    /// <summary>Where hours, days, weeks and months begin.</summary>
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>Whether what is beyond it is only warned of.</summary>
    public bool IsSoft { get; init; }

    /// <summary>How long a run may last, from its first call on; null without end.</summary>
    public TimeSpan? Longest { get; init; }

    /// <summary>The share of a run's budget that is kept for its closing call, 0 to below 1.</summary>
    public double KeptForClosing { get; init; }

    /// <summary>How long a call that finds the budget spent waits for somebody to raise it; zero refuses it at once.</summary>
    public TimeSpan WaitsForRaise { get; init; }

    /// <summary>Whether it is for somebody, as far as names tell.</summary>
    internal bool IsFor(SpendSubject subject, string tenant, string name) =>
        For == subject && (Name is null || Name == name) && (Tenant is null || Tenant == tenant);

    /// <summary>Of two that are for somebody, the one that names it more closely has the higher rank.</summary>
    internal int Rank => (Name is null ? 0 : 2) + (Tenant is null ? 0 : 1);

    /// <summary>What its budgets' names begin with.</summary>
    internal string Prefix => (IsSoft ? "warn:" : "") + (Per == SpendPeriod.Run ? "" : Per.ToString().ToLowerInvariant() + ":") + For.ToString().ToLowerInvariant() + ":";
}

/// <summary>The bounds of hours, days, weeks and months in a time zone, daylight saving included.</summary>
public static class CalendarPeriod
{
    /// <summary>When the period that holds an instant began, and when it ends.</summary>
    /// <param name="period">The kind of period; not <see cref="SpendPeriod.Run"/>.</param>
    /// <param name="zone">The time zone.</param>
    /// <param name="at">The instant, of the wall clock.</param>
    public static (Instant Start, Instant End) Of(SpendPeriod period, TimeZoneInfo zone, Instant at)
    {
        ArgumentNullException.ThrowIfNull(zone);
        var local = TimeZoneInfo.ConvertTime(at.ToDateTimeOffset(), zone).DateTime;
        var (first, next) = period switch
        {
            SpendPeriod.Hour => (local.Date.AddHours(local.Hour), local.Date.AddHours(local.Hour + 1)),
            SpendPeriod.Day => (local.Date, local.Date.AddDays(1)),
            SpendPeriod.Week => (Monday(local.Date), Monday(local.Date).AddDays(7)),
            SpendPeriod.Month => (new DateTime(local.Year, local.Month, 1), new DateTime(local.Year, local.Month, 1).AddMonths(1)),
            _ => throw new ArgumentOutOfRangeException(nameof(period), period, "A run has no calendar."),
        };
        return (MomentOf(first, zone), MomentOf(next, zone));
    }

    private static DateTime Monday(DateTime day) => day.AddDays(-(((int)day.DayOfWeek + 6) % 7));

    // A time that the clocks skip is the first moment after it; of one that comes twice, the first counts.
    private static Instant MomentOf(DateTime time, TimeZoneInfo zone)
    {
        var local = DateTime.SpecifyKind(time, DateTimeKind.Unspecified);
        while (zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(30);
        }

        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return Instant.From(new DateTimeOffset(local, offset));
    }
}
