using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Alerts;
using FuncLimiter.Gateway.Dashboard;
using FuncLimiter.Gateway.Headers;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>Writes a limiter's report as JSON: learned limits beside configured ones, queues, pressure.</summary>
internal static class StatusJson
{
    /// <summary>Writes the report.</summary>
    public static void Write(Utf8JsonWriter json, LimiterReport report, AdmissionHeaders headers, AlertBoard alerts)
    {
        json.WriteStartObject();
        json.WriteString("at"u8, report.At.ToDateTimeOffset());
        json.WriteString("pressure"u8, report.Budgets.Count == 0 ? "normal" : headers.Pressure(report.Budgets.MaxBy(budget => budget.Utilization)!));
        json.WriteNumber("waiting"u8, report.Waiting);
        json.WriteNumber("admitted"u8, report.Admitted);
        json.WriteNumber("refused"u8, report.Refused);
        json.WriteNumber("providerRateLimited"u8, report.RateLimited);
        json.WriteStartArray("budgets"u8);
        foreach (var budget in report.Budgets)
        {
            Write(json, budget, headers.Pressure(budget), report.At);
        }

        json.WriteEndArray();
        var shown = report.Budgets.Select(static budget => budget.Name).ToHashSet(StringComparer.Ordinal);
        DashboardJson.WriteAlerts(json, [.. alerts.Standing.Where(alert => shown.Contains(alert.Budget))]);
        json.WriteStartArray("queues"u8);
        foreach (var queue in report.Queues)
        {
            Write(json, queue);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, BudgetReport budget, string pressure, Instant now)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, budget.Name);
        json.WriteNumber("utilization"u8, Rounded(budget.Utilization));
        json.WriteString("pressure"u8, pressure);
        if (budget.CooldownUntil > now)
        {
            json.WriteString("cooldownUntil"u8, budget.CooldownUntil.ToDateTimeOffset());
        }
        else
        {
            json.WriteNull("cooldownUntil"u8);
        }

        json.WriteStartArray("meters"u8);
        foreach (var meter in budget.Meters)
        {
            Write(json, meter);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, MeterReport meter)
    {
        json.WriteStartObject();
        json.WriteString("dimension"u8, DimensionName.Of(meter.Dimension));
        json.WriteNumber("windowSeconds"u8, Rounded(meter.WindowSeconds));
        json.WriteNumber("configured"u8, meter.Configured);
        json.WriteNumber("effective"u8, Rounded(meter.Effective));
        json.WriteNumber("capacity"u8, Rounded(meter.Capacity));
        json.WriteNumber("used"u8, Rounded(meter.Used));
        json.WriteNumber("use"u8, Rounded(meter.Use));
        json.WriteNumber("consumed"u8, Rounded(meter.Total));
        json.WriteNumber("remaining"u8, Rounded(meter.Remaining));
        json.WriteNumber("resetSeconds"u8, Rounded(meter.ResetSeconds));
        if (meter.Charging is { } charging)
        {
            json.WriteStartObject("charging"u8);
            json.WriteString("rule"u8, JsonNamingPolicy.CamelCase.ConvertName(charging.Rule.ToString()));
            json.WriteNumber("factor"u8, Rounded(charging.Factor));
            json.WriteNumber("perCall"u8, Rounded(charging.Offset));
            if (charging.Since > Instant.Distant)
            {
                json.WriteString("since"u8, charging.Since.ToDateTimeOffset());
            }

            json.WriteNumber("answers"u8, charging.Answers);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, QueueReport queue)
    {
        json.WriteStartObject();
        json.WriteString("route"u8, queue.Route);
        json.WriteString("tenant"u8, queue.Tenant);
        json.WriteString("priority"u8, PriorityName.Of(queue.Priority));
        json.WriteNumber("waiting"u8, queue.Waiting);
        json.WriteNumber("oldestSeconds"u8, Rounded(queue.OldestSeconds));
        json.WriteEndObject();
    }

    private static double Rounded(double value) => double.IsFinite(value) ? Math.Round(value, 3) : -1;
}
