using FuncLimiter.Server.Virtual;

namespace FuncLimiter.Server.Planning;

/// <summary>What a plan says. Hours are hours of the day in UTC, waits in seconds, shares 0 to 1, money in US dollars.</summary>
/// <param name="Fits">Whether every limit holds what the busiest hour asks for, in 19 of 20 windows.</param>
/// <param name="CallsPerDay">Calls that the teams make.</param>
/// <param name="ServedPerDay">Of them those that go out.</param>
/// <param name="RefusedPerDay">Of them those given up, since they would wait longer than they may.</param>
/// <param name="WaitingAtMidnight">Of them those that still wait at the end of the day.</param>
/// <param name="CostUsdPerDay">What the served cost, where there is a price; null where none has one.</param>
/// <param name="UnpricedCallsPerDay">Of the served those without one.</param>
/// <param name="Quotas">What each limit needs.</param>
/// <param name="Missing">What is missing, by provider and kind of limit.</param>
/// <param name="Deployments">How far each limit is used.</param>
/// <param name="Weights">Which weights to set.</param>
/// <param name="Waits">Who waits how long, and when.</param>
/// <param name="Teams">What becomes of each team's calls, by the hour.</param>
/// <param name="Relief">What smaller models and batch services would free.</param>
internal sealed record PlanReport(
    bool Fits,
    long CallsPerDay,
    long ServedPerDay,
    long RefusedPerDay,
    long WaitingAtMidnight,
    double? CostUsdPerDay,
    long UnpricedCallsPerDay,
    IReadOnlyList<QuotaNeed> Quotas,
    IReadOnlyList<MissingQuota> Missing,
    IReadOnlyList<LimitUse> Deployments,
    IReadOnlyList<WeightAdvice> Weights,
    IReadOnlyList<WaitSpan> Waits,
    IReadOnlyList<TeamPlan> Teams,
    IReadOnlyList<Relief> Relief)
{
    /// <summary>Plans.</summary>
    /// <param name="volumes">Who calls what.</param>
    /// <param name="onProgress">Told how far it is, 0 to 1.</param>
    public static PlanReport Of(Volumes volumes, Action<double>? onProgress = null)
    {
        var load = Load.Of(volumes, _ => 1);
        var day = FluidDay.Run(volumes, usesBatch: false, share => onProgress?.Invoke(share / 2));
        var quotas = QuotaNeed.All(volumes, load);
        var hours = day.Queues.SelectMany(queue => queue.Hours).ToList();
        var report = new PlanReport(
            quotas.All(quota => quota.Missing == 0),
            Whole(hours.Sum(hour => hour.Calls)),
            Whole(hours.Sum(hour => hour.Served)),
            Whole(hours.Sum(hour => hour.Refused)),
            Whole(day.Backlog),
            Cost(hours),
            Whole(hours.Sum(hour => hour.Unpriced)),
            quotas,
            MissingQuota.All(quotas),
            LimitUse.All(volumes.Configuration, day),
            WeightAdvice.All(volumes, load),
            [.. day.Queues.SelectMany(WaitSpan.Of)],
            [.. day.Queues.Select(TeamPlan.Of)],
            Planning.Relief.All(volumes, load, day, share => onProgress?.Invoke((1 + share) / 2)));
        onProgress?.Invoke(1);
        return report;
    }

    internal static long Whole(double calls) => (long)Math.Round(calls);

    /// <summary>What hours cost, in US dollars; null where nothing that was served has a price.</summary>
    internal static double? Cost(IEnumerable<FluidHour> hours)
    {
        var (usd, unpriced) = hours.Aggregate((Usd: 0.0, Unpriced: 0.0), (sum, hour) => (sum.Usd + hour.CostUsd, sum.Unpriced + hour.Unpriced));
        return usd > 0 || unpriced <= 0 ? Math.Round(usd, 2) : null;
    }
}

/// <summary>What is missing at a provider, over those of its limits that are too small.</summary>
internal sealed record MissingQuota(string Provider, string Counts, long Configured, long Needed, long Missing)
{
    public static IReadOnlyList<MissingQuota> All(IReadOnlyList<QuotaNeed> quotas) =>
    [
        .. quotas.Where(quota => quota.Missing > 0).GroupBy(quota => (quota.Provider, quota.Counts))
            .Select(group => new MissingQuota(
                group.Key.Provider, group.Key.Counts, group.Sum(quota => quota.Configured), group.Sum(quota => quota.Needed), group.Sum(quota => quota.Missing))),
    ];
}

/// <summary>One team's calls of one class.</summary>
internal sealed record TeamPlan(
    string Tenant, string Priority, long Calls, long Served, long Refused, long Diverted, double? CostUsd, IReadOnlyList<TeamHour> ByHour)
{
    public static TeamPlan Of(FluidQueue queue) => new(
        queue.Tenant,
        queue.Priority.ToString().ToLowerInvariant(),
        PlanReport.Whole(queue.Hours.Sum(hour => hour.Calls)),
        PlanReport.Whole(queue.Hours.Sum(hour => hour.Served)),
        PlanReport.Whole(queue.Hours.Sum(hour => hour.Refused)),
        PlanReport.Whole(queue.Hours.Sum(hour => hour.Diverted)),
        PlanReport.Cost(queue.Hours),
        [.. queue.Hours.Select(TeamHour.Of)]);
}

/// <summary>One hour: calls, refusals and waits of those that come in it, served those that go out in it.</summary>
internal sealed record TeamHour(double Calls, double Served, double Refused, double WaitP50, double WaitP99)
{
    public static TeamHour Of(FluidHour hour) => new(
        Math.Round(hour.Calls, 1),
        Math.Round(hour.Served, 1),
        Math.Round(hour.Refused, 1),
        TenantOutcome.Rounded(hour.Waits.Quantile(0.5)),
        TenantOutcome.Rounded(hour.Waits.Quantile(0.99)));
}
