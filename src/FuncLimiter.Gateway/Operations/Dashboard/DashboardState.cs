using System.Buffers;
using System.Text.Json;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.History;

namespace FuncLimiter.Gateway.Operations.Dashboard;

/// <summary>
/// What viewers have been shown, and what is new since. Providers' budgets are looked at every time, and all else while there is little of
/// it; of ten thousand tenants and users, a fifth at a time.
/// </summary>
internal sealed class DashboardState(Watch watch, CallFeed feed, AlertBoard alerts, GatewayConfiguration configuration)
{
    private const int Turns = 5;
    private const int FewRows = 200;
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
            if (isWhole || isProviders || IsTurn(place++, watch.History.Budgets.Count) || !_budgets.Keep(name))
            {
                _budgets.Set(name, BudgetRow.Of(budget, watch.History.At));
            }
        }

        _budgets.End(watch.History.Budgets.Count);
        _tenants.Begin();
        place = 0;
        for (place = 0; place < watch.Shares.Count; place++)
        {
            if (isWhole || IsTurn(place, watch.Shares.Count) || place >= _tenantsSent)
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

    private bool IsTurn(int place, int rows) => rows <= FewRows || place % Turns == _turn % Turns;

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

/// <summary>One budget as the page shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ClosedUntil">Until when it is closed; <see cref="Instant.Distant"/> where it is open.</param>
/// <param name="Meters">Its meters.</param>
internal sealed record BudgetRow(string Name, Instant ClosedUntil, MeterRow[] Meters)
{
    /// <summary>A budget's row.</summary>
    public static BudgetRow Of(BudgetTrack track, Instant now)
    {
        var meters = new MeterRow[track.Meters.Count];
        for (var i = 0; i < meters.Length; i++)
        {
            meters[i] = MeterRow.Of(track.Latest.Meters[i], track.Meters[i]);
        }

        return new(track.Latest.Name, track.Latest.CooldownUntil > now ? track.Latest.CooldownUntil : Instant.Distant, meters);
    }

    /// <summary>Whether the page would look the same.</summary>
    public bool Equals(BudgetRow? other) =>
        other is not null && Name == other.Name && ClosedUntil == other.ClosedUntil && Meters.AsSpan().SequenceEqual(other.Meters);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, ClosedUntil, Meters.Length);
}

/// <summary>One meter as the page shows it: rounded, so that only what can be seen to change is sent.</summary>
/// <param name="Dimension">What is counted.</param>
/// <param name="WindowSeconds">The window.</param>
/// <param name="Use">The share in use, to a tenth of a percent.</param>
/// <param name="Taken">The units that make it up.</param>
/// <param name="Configured">The limit as configured.</param>
/// <param name="Effective">The limit in force, as learned.</param>
/// <param name="Free">What can be taken now.</param>
/// <param name="Capacity">What can be taken at once.</param>
/// <param name="Consumed">What was used since the start.</param>
internal readonly record struct MeterRow(
    Dimension Dimension, double WindowSeconds, double Use, long Taken, long Configured, long Effective, long Free, long Capacity, long Consumed)
{
    /// <summary>What was typed, read and reported of the limit.</summary>
    public LimitOrigins Origins { get; init; }

    /// <summary>By which rule it is charged, where another than the documented one was found or pinned; else null.</summary>
    public ChargeRule? Charged { get; init; }

    /// <summary>Whether a person pinned that rule.</summary>
    public bool IsPinned { get; init; }

    /// <summary>A meter's row.</summary>
    public static MeterRow Of(MeterReport meter, MeterTrack track)
    {
        // Four digits are what people read of an amount.
        var use = Math.Round(track.Use, 3);
        return new(
            meter.Dimension, meter.WindowSeconds, use, Round(track.Taken), meter.Configured, (long)meter.Effective, Round(meter.Remaining),
            (long)meter.Capacity, Round(meter.Total))
        {
            Charged = meter.Charging is { } charging && (charging.IsPinned || charging.Rule != ChargeRule.Documented) ? charging.Rule : null,
            IsPinned = meter.Charging is { IsPinned: true },
            Origins = new(meter.IsOpen ? null : meter.Configured, meter.Read, meter.ReadAt, meter.Reported, MinuteOf(meter.ReportedAt)),
        };
    }

    // Answers report all the time: the page is not sent anew for each.
    private static Instant MinuteOf(Instant at) => new(at.Ticks - (at.Ticks % TimeSpan.TicksPerMinute));

    private static long Round(double amount)
    {
        if (!double.IsFinite(amount))
        {
            return 0;
        }

        var step = Math.Pow(10, Math.Max(0, Math.Floor(Math.Log10(Math.Max(1, amount))) - 3));
        return (long)(Math.Round(amount / step) * step);
    }
}

/// <summary>Where a limit comes from; null where from nowhere.</summary>
/// <param name="Typed">What a person wrote.</param>
/// <param name="Read">What the provider's API told.</param>
/// <param name="ReadAt">When it was read last.</param>
/// <param name="Reported">What an answer reported.</param>
/// <param name="ReportedAt">When, to the minute.</param>
internal readonly record struct LimitOrigins(long? Typed, long? Read, Instant ReadAt, long? Reported, Instant ReportedAt);

/// <summary>One tenant as the page shows it.</summary>
internal readonly record struct TenantRow(
    string Id, double Weight, double Share, double Fair, int Waiting, double OldestSeconds, long Admitted, long Refused, double? CostUsd, long Unpriced)
{
    /// <summary>A tenant's row.</summary>
    public static TenantRow Of(in TenantShare tenant) => new(
        tenant.Id, tenant.Weight, Math.Round(tenant.Share, 4), Math.Round(tenant.Fair, 4), tenant.Waiting, Math.Round(tenant.OldestSeconds, 1),
        tenant.Admitted, tenant.Refused, tenant.CostUsd is { } cost ? Math.Round(cost, 4) : null, tenant.Unpriced);
}
