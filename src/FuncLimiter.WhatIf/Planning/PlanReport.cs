using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.WhatIf.Virtual;

namespace FuncLimiter.WhatIf.Planning;

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

/// <summary>How far a deployment's limits are used, by the one that is used most.</summary>
/// <param name="Deployment">The deployment.</param>
/// <param name="UsedShare">What a day uses of what it lets through.</param>
/// <param name="PeakShare">The same in the busiest hour.</param>
/// <param name="PeakHour">That hour.</param>
/// <param name="Binding">The limit; null where there is none.</param>
internal sealed record LimitUse(string Deployment, double UsedShare, double PeakShare, int PeakHour, string? Binding)
{
    public static IReadOnlyList<LimitUse> All(GatewayConfiguration configuration, FluidDay day) =>
        [.. configuration.Accounts.SelectMany(account => account.Models.Select(model => Of($"{account.Id}/{model.Model}", day)))];

    private static LimitUse Of(string name, FluidDay day)
    {
        if (day.Meter[name].MaxBy(Share) is not { } binding)
        {
            return new LimitUse(name, 0, 0, 0, null);
        }

        var most = binding.TakenByHour.Max();
        return new LimitUse(
            name,
            TenantOutcome.Rounded(Share(binding)),
            TenantOutcome.Rounded(most / binding.PerHour),
            binding.TakenByHour.ToList().IndexOf(most),
            $"{LimitWords.Of(binding.Limit.Dimension)} {LimitWords.Per(binding.Limit.Window.TotalSeconds)}".TrimEnd());
    }

    private static double Share(FluidMeter meter) => meter.TakenByHour.Sum() / (meter.PerHour * WorkGroup.HoursPerDay);
}

/// <summary>Hours one after the other in which a team's calls of a class wait, or are given up.</summary>
/// <param name="Tenant">The team.</param>
/// <param name="Priority">The class.</param>
/// <param name="FromHour">The first hour.</param>
/// <param name="UntilHour">The hour after the last.</param>
/// <param name="TypicalWait">Half of the calls of the worst hour wait no longer, in seconds.</param>
/// <param name="LongestWait">The longest wait, in seconds.</param>
/// <param name="Calls">Calls that come in these hours.</param>
/// <param name="Refused">Of them those given up.</param>
internal sealed record WaitSpan(
    string Tenant, string Priority, int FromHour, int UntilHour, double TypicalWait, double LongestWait, long Calls, long Refused)
{
    private const double ShareThatMatters = 0.001;

    public static IEnumerable<WaitSpan> Of(FluidQueue queue)
    {
        for (var from = 0; from < queue.Hours.Length; from++)
        {
            var until = from;
            while (until < queue.Hours.Length && Waits(queue.Hours[until]))
            {
                until++;
            }

            if (until > from)
            {
                var hours = queue.Hours[from..until];
                yield return new WaitSpan(
                    queue.Tenant,
                    queue.Priority.ToString().ToLowerInvariant(),
                    from,
                    until,
                    Math.Round(hours.Max(hour => hour.Waits.Quantile(0.5)), 1),
                    Math.Round(hours.Max(hour => hour.Waits.LongestSeconds), 1),
                    PlanReport.Whole(hours.Sum(hour => hour.Calls)),
                    PlanReport.Whole(hours.Sum(hour => hour.Refused)));
                from = until;
            }
        }
    }

    private static bool Waits(FluidHour hour) => hour.Waits.Quantile(0.99) > 0 || hour.Refused > hour.Calls * ShareThatMatters;
}

/// <summary>Which weight gives a team the share that it needs.</summary>
/// <param name="Tenant">The team.</param>
/// <param name="Now">Its weight as it stands.</param>
/// <param name="Advised">The weight to set.</param>
/// <param name="Share">Its need of what all teams need, 0 to 1.</param>
internal sealed record WeightAdvice(string Tenant, double Now, double Advised, double Share)
{
    private const double Most = 1000;

    /// <summary>
    /// Weights in proportion to needs: a team's need is the service that it asks for in its busiest hour, where it may wait for hours
    /// averaged over as many. Shares in proportion to needs leave nobody short while anybody has more than it needs.
    /// </summary>
    public static IReadOnlyList<WeightAdvice> All(Volumes volumes, Load load)
    {
        var needs = volumes.Work.GroupBy(work => work.Tenant).Select(team => (Tenant: team.Key, Need: NeedOf(team, volumes, load))).ToList();
        var least = needs.Where(team => team.Need > 0).Select(team => team.Need).DefaultIfEmpty(1).Min();
        var sum = Math.Max(needs.Sum(team => team.Need), double.Epsilon);
        return
        [
            .. needs.Select(team => new WeightAdvice(
                team.Tenant, volumes.WeightOf(team.Tenant), Rounded(Math.Min(Most, Math.Max(1, team.Need / least))), Math.Round(team.Need / sum, 4))),
        ];
    }

    private static double NeedOf(IEnumerable<WorkGroup> team, Volumes volumes, Load load)
    {
        var hours = new double[WorkGroup.HoursPerDay];
        foreach (var work in team)
        {
            var span = Math.Clamp((int)Math.Ceiling(volumes.PatienceOf(work).TotalHours), 1, WorkGroup.HoursPerDay);
            for (var hour = 0; hour < hours.Length; hour++)
            {
                var calls = Enumerable.Range(hour, span).Average(each => work.CallsByHour[each % WorkGroup.HoursPerDay]);
                hours[hour] += calls * load.CostSeconds.GetValueOrDefault(work);
            }
        }

        return hours.Max();
    }

    // Two digits are as much as volumes are known by.
    private static double Rounded(double weight) => weight < 10 ? Math.Round(weight, 1) : Math.Round(weight);
}

/// <summary>How large one limit must be so that nobody waits for it in 19 of 20 windows of the busiest hour.</summary>
/// <param name="Scope">The deployment or the account.</param>
/// <param name="Provider">Whose it is.</param>
/// <param name="Counts">What the limit counts, for example <c>tokens per minute</c>.</param>
/// <param name="Configured">The limit as configured.</param>
/// <param name="Mean">What the busiest hour asks for on average.</param>
/// <param name="Needed">What it asks for in 19 of 20 windows.</param>
/// <param name="PeakHour">That hour.</param>
/// <param name="Missing">What is needed beyond what is configured; 0 where it fits.</param>
internal sealed record QuotaNeed(string Scope, string Provider, string Counts, long Configured, long Mean, long Needed, int PeakHour, long Missing)
{
    // A normal distribution stays within so many deviations in 95 of 100 cases.
    private const double Deviations = 1.645;

    /// <summary>All limits of a configuration.</summary>
    public static IReadOnlyList<QuotaNeed> All(Volumes volumes, Load load)
    {
        var needs = new List<QuotaNeed>();
        foreach (var account in volumes.Configuration.Accounts)
        {
            var models = account.Models.Select(model => load.Hours[$"{account.Id}/{model.Model}"]).ToList();
            needs.AddRange(account.Limits.Select(limit => Of(account.Id, account, limit, models, volumes.Burstiness)));
            foreach (var (model, hours) in account.Models.Zip(models))
            {
                needs.AddRange(model.Limits.Select(limit => Of($"{account.Id}/{model.Model}", account, limit, [hours], volumes.Burstiness)));
            }
        }

        return needs;
    }

    private static QuotaNeed Of(string scope, AccountConfiguration account, Limit limit, IReadOnlyList<LoadHour[]> loads, double burstiness)
    {
        var window = limit.Window.TotalSeconds;
        var (mean, most, peak) = (0.0, -1.0, 0);
        if (limit.Window > TimeSpan.FromHours(1))
        {
            var whole = loads.Sum(hours => hours.Sum(hour => hour.PerSecond[limit.Dimension] * 3600));
            (mean, most) = (whole, whole + (Deviations * Math.Sqrt(burstiness * loads.Sum(hours => hours.Sum(hour => hour.SquarePerSecond[limit.Dimension] * 3600)))));
        }
        else
        {
            for (var hour = 0; hour < WorkGroup.HoursPerDay; hour++)
            {
                // Calls at once: what is held of a second in each second, which varies as much as its mean.
                var rate = loads.Sum(hours => hours[hour].PerSecond[limit.Dimension]);
                var (average, variance) = limit.Algorithm == LimitAlgorithm.Concurrency
                    ? (rate, rate)
                    : (rate * window, loads.Sum(hours => hours[hour].SquarePerSecond[limit.Dimension]) * window);
                var need = average + (Deviations * Math.Sqrt(burstiness * variance));
                (mean, most, peak) = need > most ? (average, need, hour) : (mean, most, peak);
            }
        }

        var needed = (long)Math.Ceiling(most - 1e-6);
        var counts = $"{LimitWords.Of(limit.Dimension)} {LimitWords.Per(window)}".TrimEnd();
        return new QuotaNeed(scope, account.Provider, counts, limit.Amount, (long)Math.Round(mean), needed, peak, Math.Max(0, needed - limit.Amount));
    }
}
