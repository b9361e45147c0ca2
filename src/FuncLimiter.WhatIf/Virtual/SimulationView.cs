using System.Globalization;
using Spectre.Console;

namespace FuncLimiter.WhatIf.Virtual;

/// <summary>Shows a simulation's report in a terminal.</summary>
internal static class SimulationView
{
    /// <summary>Most rows of tenants that are shown; the rest are in the JSON.</summary>
    private const int MostRows = 60;

    public static void Show(SimulationReport report, TimeSpan took, IAnsiConsole console)
    {
        console.Write(Tenants(report));
        if (report.Tenants.Count > MostRows)
        {
            console.MarkupLineInterpolated($"... and {report.Tenants.Count - MostRows} more; --json has them all.");
        }

        console.Write(Deployments(report));
        var unpriced = report.UnpricedCalls > 0 ? $", {Count(report.UnpricedCalls)} calls without a price" : "";
        console.MarkupLineInterpolated(
            $"{Count(report.Calls)} calls in {report.Hours:0.##} hours: {Count(report.Ok)} answered, {Count(report.Refused)} refused, {Count(report.Failed)} failed, {Count(report.Batched)} to batch, {Count(report.Open)} open at the end; {Count(report.Provider429)} refused by providers (429). Cost {Money(report.CostUsd, report.UnpricedCalls)}{unpriced}.");
        console.MarkupLineInterpolated($"Seed {report.Seed}; {Count(report.Events)} events in {took.TotalSeconds:0.0} s.");
    }

    /// <summary>A wait in words: milliseconds, seconds, minutes or hours.</summary>
    public static string Wait(double seconds) => seconds switch
    {
        < 0.0005 => "0",
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0} ms"),
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0.0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0.0} h"),
    };

    public static string Count(double count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Money(decimal? usd, long unpriced = 0) => usd is not { } known
        ? "unknown"
        : string.Create(CultureInfo.InvariantCulture, $"{(unpriced > 0 ? "at least " : "")}${known:N2}");

    private static Table Tenants(SimulationReport report)
    {
        var table = new Table().AddColumns("tenant", "priority", "calls", "answered", "refused", "came back", "failed", "diverted", "to batch", "wait p50", "wait p99", "cost");
        foreach (var tenant in report.Tenants.Take(MostRows))
        {
            table.AddRow(
                Markup.Escape(tenant.Tenant),
                tenant.Priority,
                Count(tenant.Calls),
                Count(tenant.Ok),
                Count(tenant.Refused),
                Count(tenant.Returned),
                Count(tenant.Failed),
                Count(tenant.Diverted),
                Count(tenant.Batched),
                Wait(tenant.WaitP50),
                Wait(tenant.WaitP99),
                Money(tenant.CostUsd, tenant.UnpricedCalls));
        }

        return table;
    }

    private static Table Deployments(SimulationReport report)
    {
        var table = new Table().AddColumns("deployment", "calls", "429", "input tokens", "output tokens", "used", "of");
        foreach (var use in report.Deployments)
        {
            table.AddRow(
                Markup.Escape(use.Deployment),
                Count(use.Calls),
                Count(use.Refused429),
                Count(use.InputTokens),
                Count(use.OutputTokens),
                use.UsedShare.ToString("P1", CultureInfo.InvariantCulture),
                use.Binding ?? "no limit");
        }

        return table;
    }
}
