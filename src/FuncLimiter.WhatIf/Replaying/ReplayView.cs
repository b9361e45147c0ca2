using System.Globalization;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.WhatIf.Virtual;
using Spectre.Console;

namespace FuncLimiter.WhatIf.Replaying;

/// <summary>Shows a replay in a terminal, its sides one below the other.</summary>
internal static class ReplayView
{
    private const int MostTenants = 20;

    public static void Show(ReplayReport report, IAnsiConsole console)
    {
        (string Name, ReplaySide Side)[] sides =
            [("recorded", report.Recorded), ("played", report.Played), .. report.Changed is { } changed ? new[] { ("changed", changed) } : []];
        var table = new Table().AddColumns("tenant", "priority", "", "calls", "answered", "refused", "failed", "left", "wait mean", "wait p50", "wait p99", "cost");
        var keys = sides.SelectMany(side => side.Side.Tenants).Select(tenant => (tenant.Tenant, tenant.Priority)).Distinct().ToList();
        foreach (var key in keys.Take(MostTenants))
        {
            Add(table, sides.Select(side => (side.Name, side.Side.Tenants.FirstOrDefault(tenant => (tenant.Tenant, tenant.Priority) == key))));
            table.AddEmptyRow();
        }

        Add(table, sides.Select(side => (side.Name, (ReplayOutcome?)side.Side.Total)));
        console.Write(table);
        if (keys.Count > MostTenants)
        {
            console.MarkupLineInterpolated($"... and {keys.Count - MostTenants} more tenants and classes; --json has them all.");
        }

        Deployments(report, console);
        console.MarkupLineInterpolated(
            $"{SimulationView.Count(report.Recorded.Total.Calls)} calls in {report.Hours:0.##} hours from {report.From.UtcDateTime:yyyy-MM-dd HH:mm:ss} (UTC) on{(report.Lost > 0 ? $", {report.Lost} more are missing" : "")}.");
        console.MarkupLineInterpolated(
            $"Played under its own configuration, waits are within {Share(report.Agreement.Waits)} of those recorded, refusals within {SimulationView.Count(report.Agreement.Refused)} calls, and the cost within {SimulationView.Money(report.Agreement.CostUsd)}.");
        foreach (var (name, side) in sides.Where(side => side.Side.NotPlayed > 0))
        {
            console.MarkupLineInterpolated($"{name}: {SimulationView.Count(side.NotPlayed)} calls ask for routes that the configuration does not have, and are left out.");
        }

        foreach (var (name, side) in sides.Where(side => side.Side.Total.Refused > 0))
        {
            var known = side.Total.RefusedFor.Where(reason => reason.Value > 0).Select(reason => (What: WordsFor(reason.Key), Calls: reason.Value)).ToList();
            var untold = side.Total.Refused - known.Sum(reason => reason.Calls);
            console.MarkupLineInterpolated(
                $"{name}: refused {string.Join(", ", (untold > 0 ? known.Append(("for reasons that it does not tell", untold)) : known).Select(reason => $"{SimulationView.Count(reason.Item2)} {reason.Item1}"))}.");
        }
    }

    private static string WordsFor(string reason) => reason switch
    {
        nameof(RefusalReason.Spent) => "over a spending budget",
        nameof(RefusalReason.WouldWaitTooLong) => "that would have waited too long",
        nameof(RefusalReason.QueueFull) => "before a full queue",
        nameof(RefusalReason.TooLarge) => "larger than a whole limit",
        nameof(RefusalReason.NoDeployment) => "that no deployment could serve",
        _ => "that could not be kept",
    };

    private static void Add(Table table, IEnumerable<(string Name, ReplayOutcome? Outcome)> rows)
    {
        foreach (var (name, outcome) in rows)
        {
            if (outcome is not null)
            {
                table.AddRow(
                    Markup.Escape(outcome.Tenant ?? "all"),
                    outcome.Priority ?? "",
                    name,
                    SimulationView.Count(outcome.Calls),
                    SimulationView.Count(outcome.Ok),
                    SimulationView.Count(outcome.Refused),
                    SimulationView.Count(outcome.Failed),
                    SimulationView.Count(outcome.Left),
                    SimulationView.Wait(outcome.WaitMean),
                    SimulationView.Wait(outcome.WaitP50),
                    SimulationView.Wait(outcome.WaitP99),
                    SimulationView.Money(outcome.CostUsd == 0 && outcome.UnpricedCalls > 0 ? null : outcome.CostUsd, outcome.UnpricedCalls));
            }
        }
    }

    private static void Deployments(ReplayReport report, IAnsiConsole console)
    {
        var table = new Table().AddColumns("deployment", "", "calls", "429", "input tokens", "output tokens", "used", "of");
        foreach (var (name, side) in new[] { ("played", report.Played), ("changed", report.Changed) })
        {
            foreach (var use in side?.Deployments ?? [])
            {
                table.AddRow(
                    Markup.Escape(use.Deployment),
                    name,
                    SimulationView.Count(use.Calls),
                    SimulationView.Count(use.Refused429),
                    SimulationView.Count(use.InputTokens),
                    SimulationView.Count(use.OutputTokens),
                    Share(use.UsedShare),
                    use.Binding ?? "no limit");
            }
        }

        console.Write(table);
    }

    private static string Share(double share) => share.ToString("P1", CultureInfo.InvariantCulture);
}
