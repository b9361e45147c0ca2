using FuncLimiter.Gateway.Configuration;
using FuncLimiter.WhatIf.Virtual;

namespace FuncLimiter.WhatIf.Planning;

/// <summary>What would be if work went elsewhere.</summary>
/// <param name="By">How: <c>smaller models</c> or <c>batch</c>.</param>
/// <param name="CallsPerDay">Calls that would go there.</param>
/// <param name="Frees">What the busiest windows need less of each limit.</param>
/// <param name="RefusedPerDay">Calls given up then.</param>
/// <param name="LongestWait">The longest wait then, in seconds.</param>
/// <param name="SavesUsdPerDay">What it would save; negative where it would cost more, for calls that were refused before.</param>
internal sealed record Relief(
    string By, long CallsPerDay, IReadOnlyList<FreedQuota> Frees, long RefusedPerDay, double LongestWait, double? SavesUsdPerDay)
{
    /// <summary>Both ways, where there is work for them.</summary>
    public static IReadOnlyList<Relief> All(Volumes volumes, Load load, FluidDay now, Action<double>? onProgress)
    {
        var reliefs = new List<Relief>();
        if (volumes.Work.Any(work => work.SimpleShare > 0 && Smaller(volumes.Configuration, work) is not null))
        {
            reliefs.Add(BySmaller(volumes, load, now, share => onProgress?.Invoke(share / 2)));
        }

        if (volumes.Work.Any(work => work.BatchShare > 0))
        {
            reliefs.Add(ByBatch(volumes, load, now, share => onProgress?.Invoke((1 + share) / 2)));
        }

        return reliefs;
    }

    private static Relief ByBatch(Volumes volumes, Load load, FluidDay now, Action<double>? onProgress)
    {
        var then = FluidDay.Run(volumes, usesBatch: true, onProgress);
        var batchCost = volumes.Work.Sum(work => work.CallsByHour.Sum() * work.BatchShare * (BatchUsd(volumes, work) ?? 0));
        return Of("batch", volumes, work => work.BatchShare, load, now, then, batchCost);
    }

    private static Relief BySmaller(Volumes volumes, Load load, FluidDay now, Action<double>? onProgress)
    {
        double ShareOf(WorkGroup work) => Smaller(volumes.Configuration, work) is null ? 0 : work.SimpleShare;

        // Simple work as work of its own, that asks for the smaller model to begin with.
        var routes = volumes.Configuration.Routes.Where(route => route.Smaller.Count > 0)
            .Select(route => new RouteConfiguration(SimpleRoute(route.Model), [.. route.Smaller], [])).ToList();
        var work = volumes.Work.SelectMany<WorkGroup, WorkGroup>(each => ShareOf(each) == 0 ? [each] :
        [
            each with { SimpleShare = 0, CallsByHour = [.. each.CallsByHour.Select(calls => calls * (1 - each.SimpleShare))] },
            each with { SimpleShare = 0, Route = SimpleRoute(each.Route), CallsByHour = [.. each.CallsByHour.Select(calls => calls * each.SimpleShare)] },
        ]).ToList();
        var configuration = volumes.Configuration with { Routes = [.. volumes.Configuration.Routes, .. routes] };
        var then = FluidDay.Run(volumes with { Configuration = configuration, Work = work }, usesBatch: false, onProgress);
        return Of("smaller models", volumes, ShareOf, load, now, then, 0);
    }

    private static Relief Of(
        string by, Volumes volumes, Func<WorkGroup, double> share, Load load, FluidDay now, FluidDay then, double extraUsd)
    {
        var less = QuotaNeed.All(volumes, Load.Of(volumes, work => 1 - share(work)));
        var frees = QuotaNeed.All(volumes, load).Zip(less)
            .Select(pair => new FreedQuota(pair.First.Scope, pair.First.Counts, pair.First.Needed - pair.Second.Needed, pair.Second.Missing))
            .Where(freed => freed.Amount > 0);
        var before = now.Queues.SelectMany(queue => queue.Hours).ToList();
        var hours = then.Queues.SelectMany(queue => queue.Hours).ToList();
        return new Relief(
            by,
            PlanReport.Whole(volumes.Work.Sum(work => work.CallsByHour.Sum() * share(work))),
            [.. frees],
            PlanReport.Whole(hours.Sum(hour => hour.Refused)),
            Math.Round(hours.Max(hour => hour.Waits.LongestSeconds), 1),
            before.Concat(hours).Any(hour => hour.Unpriced > 0) ? null : Math.Round(before.Sum(hour => hour.CostUsd) - hours.Sum(hour => hour.CostUsd) - extraUsd, 2));
    }

    private static string SimpleRoute(string route) => $"{route} (simple)";

    private static string? Smaller(GatewayConfiguration configuration, WorkGroup work) =>
        configuration.Routes.FirstOrDefault(route => route.Model == work.Route) is { Smaller: [var first, ..] } ? first : null;

    private static double? BatchUsd(Volumes volumes, WorkGroup work)
    {
        var routes = new Gateway.Calls.Routes.RouteTable(volumes.Configuration, Providers.ProviderCatalog.Get);
        return routes.TryGet(work.Route, out var route) ? CallDemand.Of(work, route.Deployments[0], volumes.Latency).BatchCostUsd : null;
    }
}

/// <summary>What would be free of a limit.</summary>
/// <param name="Scope">The deployment or the account.</param>
/// <param name="Counts">What the limit counts.</param>
/// <param name="Amount">How much less the busiest windows need.</param>
/// <param name="StillMissing">What would still be missing.</param>
internal sealed record FreedQuota(string Scope, string Counts, long Amount, long StillMissing);
