using System.Globalization;
using System.Text;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Telemetry;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary>Writes a limiter's report in Prometheus' text format, version 0.0.4.</summary>
internal static class MetricsText
{
    /// <summary>How many budgets and how many queues get series of their own; the rest is counted.</summary>
    private const int MaxSeries = 1_000;

    /// <summary>The whole text.</summary>
    /// <param name="report">How budgets and queues stand.</param>
    /// <param name="series">What happened to calls; null for whoever may not see all tenants.</param>
    public static string Write(LimiterReport report, MetricSeries? series)
    {
        var text = new StringBuilder(4096);
        Header(text, "funclimiter_calls_admitted_total", "counter", "Calls let out.");
        Sample(text, "funclimiter_calls_admitted_total", "", report.Admitted);
        Header(text, "funclimiter_calls_refused_total", "counter", "Calls refused.");
        Sample(text, "funclimiter_calls_refused_total", "", report.Refused);
        Header(text, "funclimiter_provider_rate_limited_total", "counter", "Rate limit failures that providers answered.");
        Sample(text, "funclimiter_provider_rate_limited_total", "", report.RateLimited);
        Header(text, "funclimiter_waiting", "gauge", "Calls that wait.");
        Sample(text, "funclimiter_waiting", "", report.Waiting);
        Header(text, "funclimiter_series_left_out", "gauge", "Budgets and queues without series of their own.");
        Sample(text, "funclimiter_series_left_out", "", Math.Max(0, report.Budgets.Count - MaxSeries) + Math.Max(0, report.Queues.Count - MaxSeries));
        Budgets(text, report);
        Meters(text, report);
        Queues(text, report);
        series?.Write(text);
        return text.ToString();
    }

    private static void Budgets(StringBuilder text, LimiterReport report)
    {
        Header(text, "funclimiter_budget_utilization", "gauge", "Share of a budget's tightest limit in use.");
        foreach (var budget in report.Budgets.Take(MaxSeries))
        {
            Sample(text, "funclimiter_budget_utilization", Label("budget", budget.Name), budget.Utilization);
        }

        Header(text, "funclimiter_budget_cooldown_seconds", "gauge", "Seconds until the provider's own pause ends.");
        foreach (var budget in report.Budgets.Take(MaxSeries))
        {
            var left = budget.CooldownUntil.IsKnown ? Math.Max(0, (budget.CooldownUntil - report.At).TotalSeconds) : double.PositiveInfinity;
            Sample(text, "funclimiter_budget_cooldown_seconds", Label("budget", budget.Name), left);
        }
    }

    private static void Meters(StringBuilder text, LimiterReport report)
    {
        Meter(text, report, "funclimiter_limit_configured", "Limit as configured, units per window.", (budget, i) => budget.Meters[i].Configured);
        Meter(text, report, "funclimiter_limit_effective", "Limit in force as learned, units per window.", (budget, i) => budget.Meters[i].Effective);
        Meter(text, report, "funclimiter_used", "Units taken.", (budget, i) => budget.Meters[i].Used);
        Meter(text, report, "funclimiter_consumed", "Units taken since the start, less those given back.", (budget, i) => budget.Meters[i].Total);
        Meter(text, report, "funclimiter_use", "Share of a limit in use.", (budget, i) => budget.Meters[i].Use);
        Meter(text, report, "funclimiter_remaining", "Units that can be taken now.", (budget, i) => budget.Meters[i].Remaining);
    }

    private static void Meter(StringBuilder text, LimiterReport report, string name, string help, Func<BudgetReport, int, double> value)
    {
        Header(text, name, "gauge", help);
        foreach (var budget in report.Budgets.Take(MaxSeries))
        {
            for (var i = 0; i < budget.Meters.Count; i++)
            {
                var meter = budget.Meters[i];
                var window = meter.WindowSeconds.ToString("0.###", CultureInfo.InvariantCulture);
                var labels = $"{Label("budget", budget.Name)},{Label("dimension", DimensionName.Of(meter.Dimension))},{Label("window_seconds", window)}";
                Sample(text, name, labels, value(budget, i));
            }
        }
    }

    private static void Queues(StringBuilder text, LimiterReport report)
    {
        Header(text, "funclimiter_queue_waiting", "gauge", "Calls that wait, by route, tenant and priority.");
        foreach (var queue in report.Queues.Take(MaxSeries))
        {
            Sample(text, "funclimiter_queue_waiting", Labels(queue), queue.Waiting);
        }

        Header(text, "funclimiter_queue_oldest_seconds", "gauge", "How long the oldest call has waited.");
        foreach (var queue in report.Queues.Take(MaxSeries))
        {
            Sample(text, "funclimiter_queue_oldest_seconds", Labels(queue), queue.OldestSeconds);
        }
    }

    private static string Labels(QueueReport queue) =>
        $"{Label("route", queue.Route)},{Label("tenant", queue.Tenant)},{Label("priority", PriorityName.Of(queue.Priority))}";

    private static string Label(string name, string value) =>
        $"{name}=\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    private static void Header(StringBuilder text, string name, string type, string help) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Sample(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("G15", CultureInfo.InvariantCulture)).Append('\n');
    }
}
