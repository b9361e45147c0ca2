using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Spending;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Responses;
using FuncLimiter.Gateway.Operations.Dashboard;
using FuncLimiter.Gateway.Operations.Limits;
using FuncLimiter.Gateway.Operations.Telemetry;
using FuncLimiter.Providers.Dialects;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Http.Endpoints;

/// <summary><c>GET /status</c> and <c>GET /metrics</c>: how full every budget and queue is.</summary>
internal sealed class StatusEndpoint(
    Authenticator authenticator, ILimiter limiter, AdmissionHeaders headers, MetricSeries series, SpendDesk desk, OperatorGate gate, AlertBoard alerts,
    LimitBoard limits)
{
    private const int MostBudgets = 200;
    private const string PrometheusText = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Answers with JSON.</summary>
    public async Task StatusAsync(HttpContext context)
    {
        if (await ReportAsync(context) is { } report)
        {
            var isOperator = gate.IsOperator(context);
            var whose = isOperator ? null : authenticator.Authenticate(context.Request.Headers, KeyUse.Usage, out _)?.Tenant;
            var spending = desk.Report(MostBudgets, whose);
            await JsonResponse.WriteAsync(context, 200, json => StatusJson.Write(json, report, spending, headers, alerts, isOperator ? limits : null));
        }
    }

    /// <summary>Answers with Prometheus text.</summary>
    public async Task MetricsAsync(HttpContext context)
    {
        if (await ReportAsync(context) is { } report)
        {
            context.Response.ContentType = PrometheusText;
            await context.Response.WriteAsync(MetricsText.Write(report, gate.IsOperator(context) ? series : null), context.RequestAborted);
        }
    }

    private async Task<LimiterReport?> ReportAsync(HttpContext context)
    {
        if (gate.IsOperator(context))
        {
            return limiter.Report();
        }

        if (authenticator.Authenticate(context.Request.Headers, KeyUse.Usage, out var error) is { } tenant)
        {
            return ReportScope.For(limiter.Report(), tenant.Tenant);
        }

        await JsonResponse.WriteErrorAsync(context, Dialect.OpenAI, error!);
        return null;
    }
}

/// <summary>What of a report a tenant may see: the shared budgets and its own.</summary>
internal static class ReportScope
{
    /// <summary>What a tenant may see.</summary>
    public static LimiterReport For(LimiterReport report, string tenant) => report with
    {
        Budgets = [.. report.Budgets.Where(budget => IsShared(budget.Name) || IsOf(budget.Name, tenant))],
        Queues = [.. report.Queues.Where(queue => queue.Tenant == tenant)],
    };

    private static bool IsShared(string budget) =>
        !budget.StartsWith("tenant:", StringComparison.Ordinal) && !budget.StartsWith("user:", StringComparison.Ordinal);

    private static bool IsOf(string budget, string tenant) =>
        budget == $"tenant:{tenant}" || budget.StartsWith($"tenant:{tenant}/", StringComparison.Ordinal) || budget.StartsWith($"user:{tenant}/", StringComparison.Ordinal);
}

/// <summary>Writes a limiter's report as JSON: learned limits beside configured ones, queues, pressure.</summary>
internal static class StatusJson
{
    /// <summary>Writes the report.</summary>
    /// <param name="spending">Spending budgets.</param>
    /// <param name="headers">Says what pressure is.</param>
    /// <param name="alerts">The alerts that stand.</param>
    /// <param name="limits">What was read of limits; null for who may not see it.</param>
    public static void Write(
        Utf8JsonWriter json, LimiterReport report, IReadOnlyList<SpendReport> spending, AdmissionHeaders headers, AlertBoard alerts, LimitBoard? limits)
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
        if (spending.Count > 0)
        {
            json.WritePropertyName("spending"u8);
            SpendingJson.Write(json, spending);
        }

        var shown = report.Budgets.Select(static budget => budget.Name).Concat(spending.Select(static budget => budget.Name)).ToHashSet(StringComparer.Ordinal);
        DashboardJson.WriteAlerts(json, [.. alerts.Standing.Where(alert => shown.Contains(alert.Budget))]);
        json.WriteStartArray("queues"u8);
        foreach (var queue in report.Queues)
        {
            Write(json, queue);
        }

        json.WriteEndArray();
        LimitBoardJson.Write(json, limits?.Sources ?? []);
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

        if (budget.Learned is { } learned)
        {
            json.WriteStartObject("learned"u8);
            json.WriteNumber("jitterMs"u8, Rounded(learned.Jitter.TotalMilliseconds));
            json.WriteNumber("share"u8, Rounded(learned.Factor));
            if (learned.Since > Instant.Distant)
            {
                json.WriteString("since"u8, learned.Since.ToDateTimeOffset());
            }

            json.WriteNumber("answers"u8, learned.Answers);
            json.WriteEndObject();
        }

        if (budget.Found is { } found)
        {
            json.WriteStartObject("found"u8);
            json.WriteTexts("budgets"u8, found.Budgets);
            json.WriteString("since"u8, found.Since.ToDateTimeOffset());
            json.WriteNumber("answers"u8, found.Answers);
            json.WriteString("write"u8, LimitAlerts.ToWrite(budget));
            json.WriteEndObject();
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
        LimitBoardJson.WriteOrigins(json, meter);
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
            json.WriteString("rule"u8, ChargeRuleName.Of(charging.Rule));
            json.WriteNumber("factor"u8, Rounded(charging.Factor));
            json.WriteNumber("perCall"u8, Rounded(charging.Offset));
            if (charging.Since > Instant.Distant)
            {
                json.WriteString("since"u8, charging.Since.ToDateTimeOffset());
            }

            json.WriteNumber("answers"u8, charging.Answers);
            json.WriteBoolean("pinned"u8, charging.IsPinned);
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
