using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Operations.Dashboard;

/// <summary>Writes what the page reads.</summary>
internal static class DashboardJson
{
    private const int MostQueues = 200;

    /// <summary>What does not change: thresholds, and which deployment is whose.</summary>
    public static void WriteMeta(Utf8JsonWriter json, GatewayConfiguration configuration)
    {
        json.WriteStartObject("meta"u8);
        json.WriteNumber("warnAt"u8, configuration.Alerts.WarnAt);
        json.WriteNumber("actAt"u8, configuration.Alerts.ActAt);
        json.WriteStartArray("deployments"u8);
        foreach (var account in configuration.Accounts)
        {
            foreach (var model in account.Models)
            {
                json.WriteStartObject();
                json.WriteString("account"u8, account.Id);
                json.WriteString("model"u8, model.Model);
                json.WriteString("provider"u8, account.Provider);
                json.WriteString("region"u8, account.Region);
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The figures at the top of the page.</summary>
    public static void WriteSummary(Utf8JsonWriter json, LimiterReport report, CallFeed feed, TenantShares shares, AlertBoard alerts)
    {
        json.WriteString("at"u8, report.At.ToDateTimeOffset());
        json.WriteStartObject("summary"u8);
        json.WriteString("pressure"u8, AlertLevelName.Of(alerts.Level));
        json.WriteNumber("waiting"u8, report.Waiting);
        json.WriteNumber("admitted"u8, report.Admitted);
        json.WriteNumber("refused"u8, report.Refused);
        json.WriteNumber("rateLimited"u8, report.RateLimited);
        json.WriteNumber("diverted"u8, feed.Count(CallEventKind.Diverted));
        WriteCost(json, shares.CostUsd, shares.Unpriced);
        json.WriteEndObject();
    }

    private static void WriteCost(Utf8JsonWriter json, double? usd, long unpriced)
    {
        if (usd is { } known)
        {
            json.WriteNumber("costUsd"u8, Math.Round(known, 4));
        }
        else
        {
            json.WriteNull("costUsd"u8);
        }

        json.WriteNumber("unpricedCalls"u8, unpriced);
    }

    /// <summary>Rows of budgets, and the names of those that are gone.</summary>
    public static void WriteBudgets(Utf8JsonWriter json, IEnumerable<BudgetRow> rows, IReadOnlyList<string> gone)
    {
        json.WriteStartArray("budgets"u8);
        foreach (var row in rows)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, row.Name);
            if (row.ClosedUntil != Instant.Distant)
            {
                json.WriteString("closedUntil"u8, row.ClosedUntil.ToDateTimeOffset());
            }

            json.WriteStartArray("meters"u8);
            foreach (var meter in row.Meters)
            {
                Write(json, meter);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteTexts("budgetsGone"u8, gone);
    }

    /// <summary>Rows of tenants, and the names of those that are gone.</summary>
    public static void WriteTenants(Utf8JsonWriter json, IEnumerable<TenantRow> rows, IReadOnlyList<string> gone)
    {
        json.WriteStartArray("tenants"u8);
        foreach (var row in rows)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, row.Id);
            json.WriteNumber("weight"u8, row.Weight);
            json.WriteNumber("share"u8, row.Share);
            json.WriteNumber("fair"u8, row.Fair);
            json.WriteNumber("waiting"u8, row.Waiting);
            json.WriteNumber("oldest"u8, row.OldestSeconds);
            json.WriteNumber("admitted"u8, row.Admitted);
            json.WriteNumber("refused"u8, row.Refused);
            WriteCost(json, row.CostUsd, row.Unpriced);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteTexts("tenantsGone"u8, gone);
    }

    /// <summary>The queues, the longest wait first, and how many more there are.</summary>
    public static void WriteQueues(Utf8JsonWriter json, IReadOnlyList<QueueReport> queues)
    {
        json.WriteNumber("queuesInAll"u8, queues.Count);
        json.WriteStartArray("queues"u8);
        foreach (var queue in queues.OrderByDescending(static queue => queue.OldestSeconds).Take(MostQueues))
        {
            json.WriteStartObject();
            json.WriteString("route"u8, queue.Route);
            json.WriteString("tenant"u8, queue.Tenant);
            json.WriteString("priority"u8, PriorityName.Of(queue.Priority));
            json.WriteNumber("waiting"u8, queue.Waiting);
            json.WriteNumber("oldest"u8, Math.Round(queue.OldestSeconds, 1));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>The alerts that stand.</summary>
    public static void WriteAlerts(Utf8JsonWriter json, IReadOnlyList<Alert> alerts)
    {
        json.WriteStartArray("alerts"u8);
        foreach (var alert in alerts)
        {
            json.WriteStartObject();
            json.WriteString("budget"u8, alert.Budget);
            json.WriteString("dimension"u8, DimensionName.Of(alert.Dimension));
            json.WriteNumber("window"u8, alert.WindowSeconds);
            json.WriteString("level"u8, AlertLevelName.Of(alert.Level));
            json.WriteNumber("use"u8, Math.Round(alert.Use, 3));
            json.WriteString("since"u8, alert.Since.ToDateTimeOffset());
            json.WriteString("cause"u8, alert.Cause);
            json.WriteString("page"u8, AlertPage.Of(alert.Kind));
            json.WriteTexts("steps"u8, alert.Steps);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>What happened to calls.</summary>
    public static void WriteEvents(Utf8JsonWriter json, IReadOnlyList<CallEvent> events)
    {
        json.WriteStartArray("events"u8);
        foreach (var happened in events)
        {
            json.WriteStartObject();
            json.WriteNumber("number"u8, happened.Number);
            json.WriteString("at"u8, happened.At);
            json.WriteString("kind"u8, CallEventName.Of(happened.Kind));
            json.WriteString("tenant"u8, happened.Tenant);
            json.WriteString("user"u8, happened.User);
            json.WriteString("priority"u8, PriorityName.Of(happened.Priority));
            json.WriteString("route"u8, happened.Route);
            json.WriteString("deployment"u8, happened.Deployment);
            json.WriteNumber("waitedMs"u8, (long)happened.Waited.TotalMilliseconds);
            json.WriteString("reason"u8, happened.Reason);
            if (happened.Tokens is { } tokens)
            {
                json.WriteNumber("tokens"u8, tokens);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, in MeterRow meter)
    {
        json.WriteStartObject();
        json.WriteString("dimension"u8, DimensionName.Of(meter.Dimension));
        json.WriteNumber("window"u8, meter.WindowSeconds);
        json.WriteNumber("use"u8, meter.Use);
        json.WriteNumber("taken"u8, meter.Taken);
        json.WriteNumber("configured"u8, meter.Configured);
        json.WriteNumber("effective"u8, meter.Effective);
        json.WriteNumber("free"u8, meter.Free);
        json.WriteNumber("capacity"u8, meter.Capacity);
        json.WriteNumber("consumed"u8, meter.Consumed);
        if (meter.Charged is { } rule)
        {
            json.WriteString("charged"u8, ChargeRuleName.Of(rule));
            json.WriteBoolean("pinned"u8, meter.IsPinned);
        }

        WriteOrigin(json, "typed"u8, meter.Origins.Typed, Instant.Distant);
        WriteOrigin(json, "read"u8, meter.Origins.Read, meter.Origins.ReadAt);
        WriteOrigin(json, "reported"u8, meter.Origins.Reported, meter.Origins.ReportedAt);
        json.WriteEndObject();
    }

    private static void WriteOrigin(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? amount, Instant at)
    {
        if (amount is not ({ } known and < Limit.Unbounded))
        {
            return;
        }

        json.WriteStartObject(name);
        json.WriteNumber("amount"u8, known);
        if (at != Instant.Distant)
        {
            json.WriteString("at"u8, at.ToDateTimeOffset());
        }

        json.WriteEndObject();
    }
}

/// <summary>Where the dashboard's help says what an alert means and what to do: a page of docs and a heading on it.</summary>
internal static class AlertPage
{
    public static string Of(AlertKind kind) => kind switch
    {
        AlertKind.Runaway => "operations#alerts-and-what-the-limiter-does-by-itself",
        AlertKind.Limit => "limits#what-is-said",
        AlertKind.Budget => "budgets#budgets-that-warn",
        _ => "troubleshooting#an-alert",
    };
}
