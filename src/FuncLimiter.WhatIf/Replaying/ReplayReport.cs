using FuncLimiter.Gateway.Configuration;
using FuncLimiter.WhatIf.Virtual;

namespace FuncLimiter.WhatIf.Replaying;

/// <summary>A record side by side with what comes of its calls under configurations.</summary>
/// <param name="From">When it begins.</param>
/// <param name="Hours">How long it lasts.</param>
/// <param name="Lost">Calls that are known to be missing in it.</param>
/// <param name="Recorded">What became of the calls when they were recorded.</param>
/// <param name="Played">What becomes of them under the configuration, in virtual time.</param>
/// <param name="Agreement">How far the second is from the first.</param>
/// <param name="Changed">What becomes of them under the changed configuration; null where there is none.</param>
internal sealed record ReplayReport(
    DateTimeOffset From, double Hours, long Lost, ReplaySide Recorded, ReplaySide Played, ReplayAgreement Agreement, ReplaySide? Changed)
{
    private const ulong Seed = 1;

    /// <summary>Plays a record.</summary>
    /// <param name="configuration">The configuration under which it was made.</param>
    /// <param name="changed">Another one; null for none.</param>
    /// <param name="onProgress">Told from time to time how far it is, 0 to 1.</param>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public static ReplayReport Of(
        CallRecord record, GatewayConfiguration configuration, GatewayConfiguration? changed, Action<double>? onProgress, CancellationToken cancellationToken)
    {
        var recorded = ReplaySide.Of(RecordedFleet.Tallies(record, configuration), [], 0, 0);
        var parts = changed is null ? 1 : 2;
        var played = Play(record, configuration, share => onProgress?.Invoke(share / parts), cancellationToken);
        return new ReplayReport(
            record.Calls[0].At,
            Math.Round((record.Calls[^1].At - record.Calls[0].At).TotalHours, 4),
            record.Lost,
            recorded,
            played,
            ReplayAgreement.Of(recorded, played),
            changed is null ? null : Play(record, changed, share => onProgress?.Invoke((1 + share) / parts), cancellationToken));
    }

    private static ReplaySide Play(CallRecord record, GatewayConfiguration configuration, Action<double> onProgress, CancellationToken cancellationToken)
    {
        var fleet = RecordedFleet.Of(record, configuration);
        var run = new VirtualRun(fleet.Configuration, fleet.Fleet, Seed);
        run.Play(onProgress, cancellationToken);
        var report = SimulationReport.Of(run, configuration, fleet.Fleet, Seed);
        return ReplaySide.Of(run.Tallies, report.Deployments, report.Provider429, fleet.NotPlayed);
    }
}

/// <summary>One side: what became of the calls. Waits in seconds, of calls that were answered; money in US dollars.</summary>
/// <param name="Total">All tenants and classes together.</param>
/// <param name="Provider429">Refusals by providers; 0 where that is not known.</param>
/// <param name="NotPlayed">Calls of routes that the configuration does not have.</param>
/// <param name="Tenants">By tenant and class.</param>
/// <param name="Deployments">What the providers saw; none for the record itself.</param>
internal sealed record ReplaySide(
    ReplayOutcome Total, long Provider429, long NotPlayed, IReadOnlyList<ReplayOutcome> Tenants, IReadOnlyList<DeploymentUse> Deployments)
{
    public static ReplaySide Of(IReadOnlyList<VirtualTally> tallies, IReadOnlyList<DeploymentUse> deployments, long provider429, long notPlayed)
    {
        var tenants = tallies.GroupBy(tally => (tally.Tenant, tally.Priority)).OrderBy(group => group.Key.Tenant, StringComparer.Ordinal).ThenBy(group => group.Key.Priority)
            .Select(group => ReplayOutcome.Of(group.Key.Tenant, group.Key.Priority.ToString().ToLowerInvariant(), [.. group])).ToList();
        return new ReplaySide(ReplayOutcome.Of(null, null, tallies), provider429, notPlayed, tenants, deployments);
    }
}

/// <summary>What became of some calls.</summary>
/// <param name="Tenant">Whose: the configuration's name, or its hash where that has none such; null for all.</param>
/// <param name="Priority">Their class; null for all.</param>
/// <param name="Calls">How many came.</param>
/// <param name="Ok">Answered.</param>
/// <param name="Refused">Refused by the limiter.</param>
/// <param name="RefusedFor">The refused by reason; a record that an earlier version wrote does not tell them.</param>
/// <param name="Failed">Failed by providers.</param>
/// <param name="Left">Given up by their callers while they waited.</param>
/// <param name="Batched">Left to a batch service.</param>
/// <param name="WaitMean">The mean wait.</param>
/// <param name="WaitP50">Half waited no longer.</param>
/// <param name="WaitP99">99 of 100 waited no longer.</param>
/// <param name="LongestWait">The longest wait.</param>
/// <param name="CostUsd">What they cost, where that is known.</param>
/// <param name="UnpricedCalls">Calls whose cost is not known.</param>
internal sealed record ReplayOutcome(
    string? Tenant,
    string? Priority,
    long Calls,
    long Ok,
    long Refused,
    IReadOnlyDictionary<string, long> RefusedFor,
    long Failed,
    long Left,
    long Batched,
    double WaitMean,
    double WaitP50,
    double WaitP99,
    double LongestWait,
    decimal CostUsd,
    long UnpricedCalls)
{
    public static ReplayOutcome Of(string? tenant, string? priority, IReadOnlyList<VirtualTally> tallies)
    {
        var waits = new FuncLimiter.Simulation.Virtual.WaitHistogram();
        foreach (var tally in tallies)
        {
            waits.Add(tally.Waits());
        }

        return new ReplayOutcome(
            tenant,
            priority,
            tallies.Sum(tally => tally.Calls),
            tallies.Sum(tally => tally.Ok),
            tallies.Sum(tally => tally.Refused),
            tallies.SelectMany(tally => tally.Reasons).GroupBy(reason => reason.Key).OrderBy(group => group.Key)
                .ToDictionary(group => group.Key.ToString(), group => group.Sum(reason => reason.Value)),
            tallies.Sum(tally => tally.Failed),
            tallies.Sum(tally => tally.Left),
            tallies.Sum(tally => tally.Batched),
            TenantOutcome.Rounded(waits.Count > 0 ? waits.TotalSeconds / waits.Count : 0),
            TenantOutcome.Rounded(waits.Quantile(0.5)),
            TenantOutcome.Rounded(waits.Quantile(0.99)),
            TenantOutcome.Rounded(waits.LongestSeconds),
            Math.Round(tallies.Sum(tally => tally.CostUsd), 6),
            tallies.Sum(tally => tally.Unpriced));
    }
}

/// <summary>How far a replay under the record's own configuration is from the record: what it says of a changed one is no surer.</summary>
/// <param name="Waits">The largest difference of mean, half and 99 of 100 waits, as a share; waits below a tenth of a second count as that.</param>
/// <param name="CostUsd">The difference of the costs, in US dollars.</param>
/// <param name="Refused">The difference of refusals, in calls.</param>
/// <param name="RefusedFor">The largest difference of refusals for one reason, in calls; null where the record does not tell reasons.</param>
internal sealed record ReplayAgreement(double Waits, decimal CostUsd, long Refused, long? RefusedFor)
{
    private const double LeastWait = 0.1;

    public static ReplayAgreement Of(ReplaySide recorded, ReplaySide played)
    {
        var (was, now) = (recorded.Total, played.Total);
        (double Was, double Now)[] waits = [(was.WaitMean, now.WaitMean), (was.WaitP50, now.WaitP50), (was.WaitP99, now.WaitP99)];
        return new ReplayAgreement(
            TenantOutcome.Rounded(waits.Max(wait => Math.Abs(wait.Now - wait.Was) / Math.Max(wait.Was, LeastWait))),
            Math.Abs(now.CostUsd - was.CostUsd),
            Math.Abs(now.Refused - was.Refused),
            was.RefusedFor.Values.Sum() < was.Refused ? null
                : was.RefusedFor.Keys.Union(now.RefusedFor.Keys).Select(reason => Math.Abs(now.RefusedFor.GetValueOrDefault(reason) - was.RefusedFor.GetValueOrDefault(reason)))
                    .DefaultIfEmpty().Max());
    }
}
