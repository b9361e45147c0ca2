using System.Globalization;
using FuncLimiter.WhatIf.Virtual;
using Spectre.Console;

namespace FuncLimiter.WhatIf.Planning;

/// <summary>Tells a plan in a terminal.</summary>
internal static class PlanView
{
    private const int MostRows = 40;

    public static void Show(PlanReport report, IAnsiConsole console)
    {
        Say(console, report.Fits
            ? "It fits: every limit holds what its busiest hour asks for, in 19 of 20 minutes."
            : "It does not fit:");
        foreach (var missing in report.Missing)
        {
            Say(console, $"- {missing.Provider} needs {Count(missing.Needed)} {missing.Counts}, has {Count(missing.Configured)}: {Count(missing.Missing)} missing.");
        }

        var unpriced = report.UnpricedCallsPerDay > 0 ? $", without {Count(report.UnpricedCallsPerDay)} calls that have no price" : "";
        Say(console, $"A day: {Count(report.CallsPerDay)} calls, {Count(report.ServedPerDay)} served, {Count(report.RefusedPerDay)} refused, {Count(report.WaitingAtMidnight)} still waiting at midnight. Cost {SimulationView.Money((decimal?)report.CostUsdPerDay, report.UnpricedCallsPerDay)} a day{unpriced}.");
        Say(console, "What each limit needs:");
        console.Write(Quotas(report));
        Say(console, "Weights that give each team what it needs:");
        console.Write(Weights(report));
        TellWaits(report, console);
        TellRelief(report, console);
    }

    private static Table Quotas(PlanReport report)
    {
        var table = new Table().AddColumns("limit of", "counts", "mean at peak", "needed", "configured", "missing", "busiest hour");
        foreach (var quota in report.Quotas)
        {
            table.AddRow(
                Markup.Escape(quota.Scope),
                quota.Counts,
                Count(quota.Mean),
                Count(quota.Needed),
                Count(quota.Configured),
                quota.Missing > 0 ? Count(quota.Missing) : "-",
                Hour(quota.PeakHour));
        }

        return table;
    }

    private static Table Weights(PlanReport report)
    {
        var table = new Table().AddColumns("team", "weight now", "weight to set", "its share of all needs");
        foreach (var weight in report.Weights.OrderByDescending(weight => weight.Share).Take(MostRows))
        {
            table.AddRow(
                Markup.Escape(weight.Tenant),
                weight.Now.ToString("0.##", CultureInfo.InvariantCulture),
                weight.Advised.ToString("0.##", CultureInfo.InvariantCulture),
                weight.Share.ToString("P1", CultureInfo.InvariantCulture));
        }

        return table;
    }

    private static void TellWaits(PlanReport report, IAnsiConsole console)
    {
        Say(console, report.Waits.Count == 0 ? "Nobody waits." : "Who waits (UTC):");
        foreach (var span in report.Waits.OrderByDescending(span => span.LongestWait).Take(MostRows))
        {
            var refused = span.Refused > 0 ? $"; {Count(span.Refused)} of {Count(span.Calls)} calls refused" : "";
            Say(console, $"- {span.Tenant} ({span.Priority}), {Hour(span.FromHour)} to {Hour(span.UntilHour)}: half wait up to {SimulationView.Wait(span.TypicalWait)}, the longest {SimulationView.Wait(span.LongestWait)}{refused}.");
        }

        if (report.Waits.Count > MostRows)
        {
            Say(console, $"... and {report.Waits.Count - MostRows} more; --json has them all.");
        }
    }

    private static void TellRelief(PlanReport report, IAnsiConsole console)
    {
        foreach (var relief in report.Relief)
        {
            Say(console, $"With {relief.By} for {Count(relief.CallsPerDay)} calls a day: {Count(relief.RefusedPerDay)} refused, the longest wait {SimulationView.Wait(relief.LongestWait)}, {SimulationView.Money((decimal?)relief.SavesUsdPerDay)} a day saved.");
            foreach (var freed in relief.Frees)
            {
                var still = freed.StillMissing > 0 ? $", {Count(freed.StillMissing)} still missing" : "";
                Say(console, $"- frees {Count(freed.Amount)} {freed.Counts} of {freed.Scope}{still}.");
            }
        }
    }

    private static void Say(IAnsiConsole console, string line) => console.WriteLine(line);

    private static string Count(long count) => SimulationView.Count(count);

    private static string Hour(int hour) => string.Create(CultureInfo.InvariantCulture, $"{hour:00}:00");
}
