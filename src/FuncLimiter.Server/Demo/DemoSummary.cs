using System.Text;
using System.Text.Json;
using FuncLimiter.Simulation.Fleets;

namespace FuncLimiter.Server.Demo;

/// <summary>Writes the demonstration's one JSON summary; waits are in milliseconds.</summary>
internal static class DemoSummary
{
    /// <summary>The summary, on one line.</summary>
    public static string Write(DemoSide limited, DemoSide baseline)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            WriteSide(json, limited);
            json.WriteStartObject("baseline");
            WriteSide(json, baseline);
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
