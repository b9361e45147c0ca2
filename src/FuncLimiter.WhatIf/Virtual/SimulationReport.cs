using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Simulation.Providers.Reports;

namespace FuncLimiter.WhatIf.Virtual;

/// <summary>What came of a simulation. Waits in seconds, shares 0 to 1, money in US dollars.</summary>
/// <param name="Seed">What chance was drawn from.</param>
/// <param name="Hours">How long it lasted.</param>
/// <param name="Events">What happened in it.</param>
/// <param name="Calls">Calls made.</param>
/// <param name="Ok">Calls answered.</param>
/// <param name="Refused">Calls that the limiter refused.</param>
/// <param name="Failed">Calls that providers failed.</param>
/// <param name="Batched">Calls that went to a batch service.</param>
/// <param name="Open">Calls that waited or were under way at the end.</param>
/// <param name="Provider429">Refusals by providers.</param>
/// <param name="CostUsd">What answered and batched calls cost, where there is a price; null where none of them has one.</param>
/// <param name="UnpricedCalls">Of them those without one.</param>
/// <param name="Tenants">The same by tenant and class.</param>
/// <param name="Deployments">What the providers saw.</param>
internal sealed record SimulationReport(
    ulong Seed,
    double Hours,
    long Events,
    long Calls,
    long Ok,
    long Refused,
    long Failed,
    long Batched,
    long Open,
    long Provider429,
    decimal? CostUsd,
    long UnpricedCalls,
    IReadOnlyList<TenantOutcome> Tenants,
    IReadOnlyList<DeploymentUse> Deployments)
{
    /// <summary>The report of a run that has ended.</summary>
    public static SimulationReport Of(VirtualRun run, GatewayConfiguration configuration, VirtualFleet fleet, ulong seed)
    {
        var tenants = run.Tallies.Select(TenantOutcome.Of).ToList();
        var names = configuration.Accounts.SelectMany(account => account.Models.Select(model => $"{account.Id}/{model.Model}"));
        var deployments = names.Select((name, place) => DeploymentUse.Of(
            name, run.Providers.Report(place, fleet.Duration.TotalSeconds), run.Providers.SharedReport(place, fleet.Duration.TotalSeconds))).ToList();
        var ended = tenants.Sum(tenant => tenant.Ok + tenant.Refused + tenant.Failed + tenant.Batched);
        return new SimulationReport(
            seed,
            fleet.Duration.TotalHours,
            run.Events,
            tenants.Sum(tenant => tenant.Calls),
            tenants.Sum(tenant => tenant.Ok),
            tenants.Sum(tenant => tenant.Refused),
            tenants.Sum(tenant => tenant.Failed),
            tenants.Sum(tenant => tenant.Batched),
            tenants.Sum(tenant => tenant.Calls) - ended,
            deployments.Sum(deployment => deployment.Refused429),
            tenants.Any(tenant => tenant.CostUsd > 0) || tenants.All(tenant => tenant.UnpricedCalls == 0) ? tenants.Sum(tenant => tenant.CostUsd ?? 0) : null,
            tenants.Sum(tenant => tenant.UnpricedCalls),
            tenants,
            deployments);
    }
}

/// <summary>What became of one tenant's calls of one class.</summary>
internal sealed record TenantOutcome(
    string Tenant,
    string Priority,
    long Calls,
    long Ok,
    long Refused,
    long Failed,
    long Returned,
    long Batched,
    long Diverted,
    double WaitP50,
    double WaitP99,
    double LongestWait,
    decimal? CostUsd,
    long UnpricedCalls,
    IReadOnlyDictionary<string, long> RefusedFor,
    IReadOnlyList<HourOutcome> ByHour)
{
    public static TenantOutcome Of(VirtualTally tally)
    {
        var waits = tally.Waits();
        return new TenantOutcome(
            tally.Tenant,
            tally.Priority.ToString().ToLowerInvariant(),
            tally.Calls,
            tally.Ok,
            tally.Refused,
            tally.Failed,
            tally.Returned,
            tally.Batched,
            tally.Diverted,
            Rounded(waits.Quantile(0.5)),
            Rounded(waits.Quantile(0.99)),
            Rounded(waits.LongestSeconds),
            tally.CostUsd > 0 || tally.Unpriced == 0 ? Math.Round(tally.CostUsd, 6) : null,
            tally.Unpriced,
            tally.Reasons.OrderBy(reason => reason.Key).ToDictionary(reason => reason.Key.ToString(), reason => reason.Value),
            [.. tally.Hours.Select(HourOutcome.Of)]);
    }

    internal static double Rounded(double value) => Math.Round(value, 4);
}

/// <summary>The same by the hour since the start: calls, refusals and waits of those that came in it, served those that went out in it.</summary>
internal sealed record HourOutcome(long Calls, long Served, long Refused, long Batched, double WaitP50, double WaitP99)
{
    public static HourOutcome Of(HourTally hour) => new(
        hour.Calls,
        hour.Served,
        hour.Refused,
        hour.Batched,
        TenantOutcome.Rounded(hour.Waits.Quantile(0.5)),
        TenantOutcome.Rounded(hour.Waits.Quantile(0.99)));
}

/// <summary>What a deployment saw.</summary>
/// <param name="Deployment">Its name.</param>
/// <param name="Calls">Calls that reached it.</param>
/// <param name="Accepted">Calls that it took.</param>
/// <param name="Refused429">Calls that it refused for a limit.</param>
/// <param name="InputTokens">Input tokens of answered calls.</param>
/// <param name="OutputTokens">Output tokens of answered calls.</param>
/// <param name="UsedShare">What was used of what it would have let through, by the limit that was used most.</param>
/// <param name="Binding">That limit, for example <c>tokens per minute</c>; null where nothing is limited over time.</param>
internal sealed record DeploymentUse(
    string Deployment, long Calls, long Accepted, long Refused429, long InputTokens, long OutputTokens, double UsedShare, string? Binding)
{
    public static DeploymentUse Of(string name, DeploymentReport report, IReadOnlyList<LimitReport> shared)
    {
        var binding = report.Limits.Concat(shared).Where(limit => limit.MostPossible > 0).MaxBy(limit => limit.Utilization);
        return new DeploymentUse(
            name,
            report.Calls,
            report.Accepted,
            report.Rejected,
            report.InputTokens,
            report.OutputTokens,
            TenantOutcome.Rounded(binding?.Utilization ?? 0),
            binding is null ? null : $"{LimitWords.Of(binding.Dimension)} {LimitWords.Per(binding.WindowSeconds)}");
    }
}
