using System.Globalization;
using FuncLimiter.Simulation.Fleets;
using Spectre.Console;

namespace FuncLimiter.Server.Demo;

/// <summary>Shows the demonstration in a terminal while it runs.</summary>
internal static class DemoView
{
    /// <summary>Runs the demonstration, and shows where both sides stand until it ends.</summary>
    public static async Task ShowAsync(DemoRun demo, IAnsiConsole console, CancellationToken cancellationToken)
    {
        console.MarkupLineInterpolated($"One key with 120,000 tokens a minute; a fleet of agents asks for ten times that.");
        console.MarkupLineInterpolated($"The limiter listens on [blue]{demo.Address}[/]; watch it at [blue]{new Uri(demo.Address, "dashboard")}[/]. Ctrl+C ends.");
        console.WriteLine();
        if (console.Profile.Capabilities.Interactive)
        {
            await console.Live(Table(demo)).StartAsync(live => demo.RunAsync(() => live.UpdateTarget(Table(demo)), cancellationToken));
        }
        else
        {
            await demo.RunAsync(null, cancellationToken);
        }

        console.Write(Table(demo));
    }

    private static Table Table(DemoRun demo)
    {
        var (limited, baseline) = (demo.Limited, demo.Baseline);
        var elapsed = limited.Progress?.Elapsed ?? TimeSpan.Zero;
        var table = new Table().AddColumn($"after {elapsed.TotalSeconds:0} s").AddColumn("with FuncLimiter").AddColumn("without");
        Row(table, "calls answered", limited, baseline, side => Count(side.Progress?.Ok));
        Row(table, "refused by the provider (429)", limited, baseline, side => Count(side.ProviderRefused));
        Row(table, "429s that agents saw", limited, baseline, side => Count(side.Progress?.Refused429));
        Row(table, "of the provider's limit used", limited, baseline, side => side.Utilization.ToString("P1", CultureInfo.InvariantCulture));
        foreach (var priority in Enum.GetValues<FleetPriority>())
        {
            Row(table, $"{priority.ToString().ToLowerInvariant()}: answered / waiting", limited, baseline, side => Standing(side, priority));
        }

        if (limited.Report is { } with && baseline.Report is { } without)
        {
            table.AddRow("fairness by weight (Jain)", Fairness(with), Fairness(without));
            foreach (var priority in Enum.GetValues<FleetPriority>())
            {
                table.AddRow($"{priority.ToString().ToLowerInvariant()}: wait p50 / p99", Wait(with, priority), Wait(without, priority));
            }
        }

        return table;
    }

    private static void Row(Table table, string name, DemoSide limited, DemoSide baseline, Func<DemoSide, string> value) =>
        table.AddRow(name, value(limited), value(baseline));

    private static string Count(long? count) => (count ?? 0).ToString("N0", CultureInfo.InvariantCulture);

    private static string Standing(DemoSide side, FleetPriority priority) =>
        $"{Count(side.Progress?.Answered.GetValueOrDefault(priority))} / {Count(side.Progress?.Waiting.GetValueOrDefault(priority))}";

    private static string Fairness(FleetReport report) => DemoSummary.FairnessOf(report).ToString("0.000", CultureInfo.InvariantCulture);

    private static string Wait(FleetReport report, FleetPriority priority) => report.Waits.TryGetValue(priority, out var wait)
        ? string.Create(CultureInfo.InvariantCulture, $"{wait.P50 / 1000:0.0} s / {wait.P99 / 1000:0.0} s")
        : "-";
}
