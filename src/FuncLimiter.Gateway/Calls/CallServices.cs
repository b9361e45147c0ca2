using System.Collections.Concurrent;
using System.Collections.Frozen;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Estimation;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Calls.Routes;
using FuncLimiter.Gateway.Calls.State;
using FuncLimiter.Gateway.Calls.Upstream;
using FuncLimiter.Gateway.Calls.Upstream.Credentials;
using FuncLimiter.Gateway.Configuration;

namespace FuncLimiter.Gateway.Calls;

/// <summary>What every call needs.</summary>
internal sealed record CallServices(
    GatewayConfiguration Configuration,
    GatewayOptions Options,
    RouteTable Routes,
    ILimiter Limiter,
    Estimator Estimator,
    UpstreamClient Upstream,
    IUsageSink Usage,
    AdmissionHeaders Headers,
    TimeProvider Time)
{
    /// <summary>The time by which budgets and waits count.</summary>
    public SteadyClock Clock { get; } = SteadyClock.Of(Time);

    /// <summary>Who holds what calls go on from; null where nobody keeps that.</summary>
    public StateOwners? State { get; init; }

    /// <summary>Keys that may be replaced; null where none is looked after.</summary>
    public KeyFiles? Keys { get; init; }

    /// <summary>What is believed of what tenants tell of limits.</summary>
    public ReportedLimits Reports { get; } = new(Configuration, Time);
}

/// <summary>
/// What tenants tell of providers' limits is hearsay. Nothing is learned from it unless the operator trusts the tenant
/// (<see cref="TenantConfiguration.ReportsLimits"/>), and then only what passes within a minute or what the provider's own answers allow.
/// </summary>
internal sealed class ReportedLimits(GatewayConfiguration configuration, TimeProvider time)
{
    /// <summary>The longest rest that a report can bring about, and the longest window of which it is believed.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>For how long a limit that the provider told itself stands against reports of a lower one.</summary>
    private static readonly TimeSpan ConfirmedFor = TimeSpan.FromHours(1);

    private readonly FrozenSet<string> _trusted =
        configuration.Tenants.Where(tenant => tenant.ReportsLimits).Select(tenant => tenant.Id).ToFrozenSet(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<(string Deployment, Dimension Dimension), (long Limit, long At)> _confirmed = new();

    /// <summary>Whether anything is learned from what a tenant tells.</summary>
    public bool Trusts(string tenant) => _trusted.Contains(tenant);

    /// <summary>Keeps what a provider told of its minute's limits itself. Costs nothing where nobody's reports are believed.</summary>
    public void Confirm(string deployment, Observation own)
    {
        if (_trusted.Count == 0)
        {
            return;
        }

        foreach (var reading in own.Readings)
        {
            if (reading.Limit is { } limit && IsShort(reading))
            {
                _confirmed[(deployment, reading.Dimension)] = (limit, time.GetTimestamp());
            }
        }
    }

    /// <summary>The part of a trusted tenant's report that is believed.</summary>
    public Observation Believed(string deployment, Observation report) => report with
    {
        // A tenant can't say that the account has no money left, only the provider can: the deployment rests instead.
        Kind = report.Kind == OutcomeKind.QuotaExhausted ? OutcomeKind.Overloaded : report.Kind,
        RetryAfter = report.Kind == OutcomeKind.QuotaExhausted || report.RetryAfter > Longest ? Longest : report.RetryAfter,
        WholeAccount = false,
        IsHearsay = true,
        Readings = [.. report.Readings.Where(IsShort).Select(reading => Bounded(deployment, reading))],
    };

    private static bool IsShort(LimitReading reading) => reading.Window is null || reading.Window <= Longest;

    // A reading without a window would count for the day's limit as well.
    private LimitReading Bounded(string deployment, LimitReading reading) => reading with
    {
        Window = reading.Window ?? Longest,
        Limit = _confirmed.TryGetValue((deployment, reading.Dimension), out var told) && time.GetElapsedTime(told.At) < ConfirmedFor
            ? Math.Max(reading.Limit ?? told.Limit, told.Limit)
            : reading.Limit,
    };
}
