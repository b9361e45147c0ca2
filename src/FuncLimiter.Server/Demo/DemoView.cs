using System.Globalization;
using System.Text;
using System.Text.Json;
using FuncLimiter.Simulation.Fleets;
using Spectre.Console;

namespace FuncLimiter.Server.Demo;

/// <summary>Shows the demonstration to a person while it runs: a table that moves in a terminal, a line now and then elsewhere.</summary>
internal static class DemoView
{
    private static readonly TimeSpan LinesEvery = TimeSpan.FromSeconds(5);

    /// <summary>Runs the demonstration, and shows where both sides stand until it ends.</summary>
    public static async Task ShowAsync(DemoRun demo, IAnsiConsole console, CancellationToken cancellationToken)
    {
        console.WriteLine($"The limiter listens on {demo.Address}");
        console.WriteLine($"Watch it at {new Uri(demo.Address, "dashboard")}");
        console.WriteLine("Ctrl+C ends.");
        console.WriteLine();
        if (console.Profile.Capabilities.Interactive)
        {
            // What is drawn last stands.
            await console.Live(Table(demo)).StartAsync(async live =>
            {
                await demo.RunAsync(() => Draw(live, demo), cancellationToken);
                Draw(live, demo);
            });
            return;
        }

        var next = TimeSpan.FromSeconds(1);
        await demo.RunAsync(
            () =>
            {
                if (demo.Limited.Progress is { } progress && progress.Elapsed >= next)
                {
                    next = progress.Elapsed + LinesEvery;
                    console.WriteLine(Line(demo, progress.Elapsed));
                }
            },
            cancellationToken);
        console.Write(Table(demo));
    }

    /// <summary>Where both sides stand, or stood at the end.</summary>
    internal static Table Table(DemoRun demo)
    {
        var (limited, baseline) = (demo.Limited, demo.Baseline);
        var elapsed = limited.Report?.Elapsed ?? limited.Progress?.Elapsed ?? TimeSpan.Zero;
        var table = new Table().AddColumn($"after {elapsed.TotalSeconds:0} s").AddColumn("with FuncLimiter").AddColumn("without");
        foreach (var priority in Enum.GetValues<FleetPriority>())
        {
            Row(table, $"{Name(priority)}: first try to answer, p50 / p99", limited, baseline, side => Wait(side, priority));
        }

        Row(table, "refusals that agents saw (429)", limited, baseline, side => Count(side.Refused));
        Row(table, "calls given up", limited, baseline, side => Count(side.GaveUp));
        Row(table, "calls answered, of those ended", limited, baseline, Answered);
        Row(table, "provider's limit used", limited, baseline, side => Share(side.Utilization));
        if (limited.Report is { } with && baseline.Report is { } without)
        {
            table.AddRow("fairness by weight (Jain's index)", Fairness(with), Fairness(without));
        }

        return table;
    }

    private static void Draw(LiveDisplayContext live, DemoRun demo)
    {
        live.UpdateTarget(Table(demo));
        live.Refresh();
    }

    private static string Line(DemoRun demo, TimeSpan elapsed) => string.Create(
        CultureInfo.InvariantCulture, $"after {elapsed.TotalSeconds:0} s: {Line(demo.Limited)}; without FuncLimiter {Line(demo.Baseline)}");

    private static string Line(DemoSide side) =>
        $"{Answered(side)} answered, {Count(side.Refused)} times refused, interactive waited {Wait(side, FleetPriority.Interactive)}";

    private static void Row(Table table, string name, DemoSide limited, DemoSide baseline, Func<DemoSide, string> value) =>
        table.AddRow(name, value(limited), value(baseline));

    private static string Answered(DemoSide side)
    {
        var ended = side.Ok + side.GaveUp + side.Failed;
        return ended == 0 ? "0" : $"{Count(side.Ok)} of {Count(ended)} ({Share((double)side.Ok / ended)})";
    }

    private static string Wait(DemoSide side, FleetPriority priority) =>
        side.UntilAnswer.TryGetValue(priority, out var wait) && wait.Count > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{wait.P50 / 1000:0.0} s / {wait.P99 / 1000:0.0} s")
            : "-";

    private static string Name(FleetPriority priority) => priority.ToString().ToLowerInvariant();

    private static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static string Share(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.0} %");

    private static string Fairness(FleetReport report) => DemoSummary.FairnessOf(report).ToString("0.000", CultureInfo.InvariantCulture);
}

/// <summary>Writes the demonstration's one JSON summary; waits are in milliseconds.</summary>
internal static class DemoSummary
{
    /// <summary>The summary, on one line.</summary>
    public static string Write(DemoRun demo)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("agents", demo.Scenario.Agents);
            json.WriteNumber("demand", Math.Round(demo.Scenario.Demand, 2));
            WriteSide(json, demo.Limited);
            json.WriteStartObject("baseline");
            WriteSide(json, demo.Baseline);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    /// <summary>Jain's index over all tenants of the tokens that each was served, by its weight.</summary>
    public static double FairnessOf(FleetReport report) => Fairness.Jain(
        report.Groups.GroupBy(group => group.Tenant).Select(tenant => tenant.Sum(group => group.Tokens) / tenant.First().Weight));

    private static void WriteSide(Utf8JsonWriter json, DemoSide side)
    {
        var report = side.Report!;
        json.WriteNumber("ok", report.Ok);
        json.WriteNumber("agent429", report.Refused429);
        json.WriteNumber("provider429", side.ProviderRefused);
        json.WriteNumber("gaveUp", report.GaveUp);
        json.WriteNumber("utilization", Math.Round(side.Utilization, 4));
        WriteWaits(json, "waits", report.Waits);
        WriteWaits(json, "untilAnswer", report.UntilAnswer);
        json.WriteNumber("fairness", Math.Round(FairnessOf(report), 4));
    }

    private static void WriteWaits(Utf8JsonWriter json, string name, IReadOnlyDictionary<FleetPriority, WaitReport> waits)
    {
        json.WriteStartObject(name);
        foreach (var (priority, wait) in waits.OrderBy(wait => wait.Key))
        {
            json.WriteStartObject(priority.ToString().ToLowerInvariant());
            json.WriteNumber("p50", Math.Round(wait.P50, 1));
            json.WriteNumber("p99", Math.Round(wait.P99, 1));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
