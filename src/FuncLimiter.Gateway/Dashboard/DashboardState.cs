using System.Buffers;
using System.Text.Json;
using FuncLimiter.Gateway.Alerts;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operators;

namespace FuncLimiter.Gateway.Dashboard;

/// <summary>
/// What viewers have been shown, and what is new since. Providers' budgets are looked at every time, those of tenants and users in turns:
/// there may be ten thousand.
/// </summary>
internal sealed class DashboardState(Watch watch, CallFeed feed, AlertBoard alerts, GatewayConfiguration configuration)
{
    private const int Turns = 5;
    private const int MostEvents = 60;

    private readonly Changes<BudgetRow> _budgets = new();
    private readonly Changes<TenantRow> _tenants = new();
    private int _tenantsSent;
    private long _turn;
    private long _lastEvent;

    /// <summary>Takes in how things stand; under the watch's gate.</summary>
    /// <param name="isWhole">Whether to look at every row.</param>
    public void Update(bool isWhole)
    {
        _turn++;
        _budgets.Begin();
        var place = 0;
        foreach (var budget in watch.History.Budgets)
        {
            var name = budget.Latest.Name;
            var isProviders = name.Split(':', 2)[0] is "shared" or "account" or "deployment";
            if (isWhole || isProviders || place++ % Turns == _turn % Turns || !_budgets.Keep(name))
            {
                _budgets.Set(name, BudgetRow.Of(budget, watch.History.At));
            }
        }

        _budgets.End(watch.History.Budgets.Count);
        _tenants.Begin();
        place = 0;
        for (place = 0; place < watch.Shares.Count; place++)
        {
            if (isWhole || place % Turns == _turn % Turns || place >= _tenantsSent)
            {
                var tenant = watch.Shares.At(place);
                _tenants.Set(tenant.Id, TenantRow.Of(tenant));
            }
        }

        // Tenants come, and never go.
        _tenantsSent = watch.Shares.Count;
    }

    /// <summary>Everything, for who has just come.</summary>
    public byte[] Whole() => Frame(true, _budgets.All, _tenants.All, feed.After(0, MostEvents));

    /// <summary>What changed since the last time.</summary>
    public byte[] Difference()
    {
        var events = feed.After(_lastEvent, MostEvents);
        _lastEvent = events.Count > 0 ? events[^1].Number : _lastEvent;
        return Frame(false, _budgets.Changed, _tenants.Changed, events);
    }

    private byte[] Frame(bool isWhole, IEnumerable<BudgetRow> budgets, IEnumerable<TenantRow> tenants, IReadOnlyList<CallEvent> events)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        buffer.Write("data: "u8);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (isWhole)
            {
                DashboardJson.WriteMeta(json, configuration);
            }

            DashboardJson.WriteSummary(json, watch.Report, feed, watch.Shares, alerts);
            DashboardJson.WriteBudgets(json, budgets, _budgets.Gone);
            DashboardJson.WriteTenants(json, tenants, _tenants.Gone);
            DashboardJson.WriteQueues(json, watch.Report.Queues);
            DashboardJson.WriteAlerts(json, alerts.Standing);
            DashboardJson.WriteEvents(json, events);
            json.WriteEndObject();
        }

        buffer.Write("\n\n"u8);
        return buffer.WrittenSpan.ToArray();
    }
}
