using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Headers;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Operations.Alerts.Causes;
using FuncLimiter.Gateway.Operations.Alerts.Mitigation;
using FuncLimiter.Gateway.Operations.History;
using FuncLimiter.Gateway.Operations.Limits;

namespace FuncLimiter.Gateway.Operations.Alerts;

/// <summary>Steps every budget's alert at each look, says what is new, and has the limiter act. Limits of single users raise none: they are caps.</summary>
internal sealed class AlertEngine
{
    private const int MostContended = 10;
    private const int MostShown = 200;

    private readonly AlertPolicy _policy;
    private readonly ConsumerLedger _ledger;
    private readonly RouteTargets _routes;
    private readonly AlertBoard _board;
    private readonly Mitigator _mitigator;
    private readonly LimitAlerts? _limits;
    private readonly SpendAlerts? _spending;
    private readonly Dictionary<string, AlertState> _states = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _causes = new(StringComparer.Ordinal);

    public AlertEngine(
        GatewayConfiguration configuration,
        ConsumerLedger ledger,
        RouteTargets routes,
        AlertBoard board,
        ControlDesk desk,
        LimitAlerts? limits = null,
        SpendAlerts? spending = null)
    {
        (_limits, _spending) = (limits, spending);
        _policy = new AlertPolicy { WarnAt = configuration.Alerts.WarnAt, ActAt = configuration.Alerts.ActAt };
        (_ledger, _routes, _board) = (ledger, routes, board);
        _mitigator = new Mitigator(desk, ledger, _policy);
    }

    /// <summary>Told of all that changes.</summary>
    public event Action<AlertNotice>? Changed;

    /// <summary>Takes a look in.</summary>
    public void Step(UseHistory history, LimiterReport report)
    {
        var now = history.At;
        _ledger.Appetites.Learn(now);
        var changes = new List<(AlertChange Change, BudgetTrack Track)>();
        foreach (var track in history.Budgets)
        {
            if (Step(track, now) is { } change)
            {
                changes.Add((change, track));
            }
        }

        foreach (var gone in _states.Keys.Where(name => history.Find(name) is null).ToArray())
        {
            _states.Remove(gone);
        }

        var acting = _states.Where(static state => state.Value.Level == AlertLevel.Act).ToDictionary(static state => state.Key, static state => state.Value.Since, StringComparer.Ordinal);
        _mitigator.Step(acting, Contended(history, report), budget => Foreground(budget, now), now);
        var others = (_limits?.Step(report) ?? []).Concat(_spending?.Step(now) ?? []).ToList();
        _board.Show(Standing(history, now), [.. _limits?.Standing ?? [], .. _spending?.Standing ?? []]);
        foreach (var (change, track) in changes)
        {
            Changed?.Invoke(new(change, AlertOf(track, now), now.ToDateTimeOffset()));
        }

        foreach (var (change, alert) in others)
        {
            Changed?.Invoke(new(change, alert, now.ToDateTimeOffset()));
        }
    }

    private AlertChange? Step(BudgetTrack track, Instant now)
    {
        var name = track.Latest.Name;
        var isKnown = _states.TryGetValue(name, out var state);
        if ((!isKnown && track.Use < _policy.WarnAt) || name.StartsWith("user:", StringComparison.Ordinal))
        {
            return null;
        }

        var before = isKnown ? state : AlertState.Quiet;
        var after = before.Next(track.Use, now, _policy);
        if (after.IsQuiet)
        {
            _states.Remove(name);
            _causes.Remove(name);
        }
        else
        {
            _states[name] = after;
        }

        // Found when it begins: later, those who were held back no longer stand out.
        if (after.Level > before.Level && Suspect.Find(_ledger.Appetites, name, now) is { } cause)
        {
            _causes[name] = cause;
        }

        return after.Level == before.Level ? null
            : after.Level > before.Level ? AlertChange.Raised
            : after.Level == AlertLevel.Normal ? AlertChange.Ended
            : AlertChange.Lowered;
    }

    private List<Alert> Standing(UseHistory history, Instant now)
    {
        var alerts = _states.Where(static state => state.Value.Level > AlertLevel.Normal)
            .Select(state => AlertOf(history.Find(state.Key)!, now))
            .ToList();
        foreach (var runaway in _mitigator.Caps.Where(static cap => cap.IsRunaway).GroupBy(static cap => cap.Budget))
        {
            if (!alerts.Exists(alert => alert.Budget == runaway.Key) && history.Find(runaway.Key) is { } track)
            {
                var first = runaway.First();
                alerts.Add(AlertOf(track, now) with
                {
                    Kind = AlertKind.Runaway,
                    Level = AlertLevel.Warn,
                    Since = first.Since,
                    Cause = $"{first.User} of {first.Tenant} asks for many times the usual",
                });
            }
        }

        return [.. alerts.OrderByDescending(static alert => alert.Level).ThenByDescending(static alert => alert.Use).Take(MostShown)];
    }

    private Alert AlertOf(BudgetTrack track, Instant now)
    {
        var name = track.Latest.Name;
        var state = _states.GetValueOrDefault(name, AlertState.Quiet with { Since = now });
        var meter = track.Latest.Meters.Count > 0 ? track.Latest.Meters[track.Tightest] : new(Dimension.Requests, 0, 0, 0, 0, 0, 0);
        return new(name, meter.Dimension, meter.WindowSeconds, state.Level, track.Use, state.Since, _causes.GetValueOrDefault(name), _mitigator.StepsFor(name));
    }

    private IEnumerable<string> Contended(UseHistory history, LimiterReport report)
    {
        var waitedFor = report.Queues.Select(static queue => queue.Route).Distinct().SelectMany(_routes.Targets);
        const string prefix = "deployment:";
        var full = _states.Keys.Where(static name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(static name => name[prefix.Length..]);
        return waitedFor.Concat(full).Distinct().OrderByDescending(name => history.Find(prefix + name)?.Use ?? 0).Take(MostContended);
    }

    private double Foreground(string budget, Instant now)
    {
        var scope = _ledger.Appetites.ScopeOf(budget);
        var (background, all) = (0.0, 0.0);
        foreach (var (consumer, taking) in _ledger.Appetites.Read(
            consumer => consumer.Kind == ConsumerKind.Class && scope.Has(consumer), appetite => appetite.Taking(now)))
        {
            all += taking;
            background += consumer.Name == nameof(Priority.Background) ? taking : 0;
        }

        return all <= 0 ? 0 : 1 - (background / all);
    }
}

/// <summary>
/// How one budget stands with alerts. A level begins once its threshold was reached without a break for a while; it ends once the share
/// has been clearly below for a longer while: a share that wavers about a threshold raises one alert, not one a second.
/// </summary>
/// <param name="Level">The level.</param>
/// <param name="Since">Since when.</param>
/// <param name="WarnSince">Since when the share is at the first threshold or above; <see cref="Instant.Unknown"/> while it is not.</param>
/// <param name="ActSince">The same of the second threshold.</param>
/// <param name="CalmSince">Since when the share is clearly below the level's threshold.</param>
internal readonly record struct AlertState(AlertLevel Level, Instant Since, Instant WarnSince, Instant ActSince, Instant CalmSince)
{
    /// <summary>Far from any threshold.</summary>
    public static readonly AlertState Quiet = new(AlertLevel.Normal, Instant.Distant, Instant.Unknown, Instant.Unknown, Instant.Unknown);

    /// <summary>True where nothing is to be remembered.</summary>
    public bool IsQuiet => Level == AlertLevel.Normal && !WarnSince.IsKnown;

    /// <summary>How it stands after another look.</summary>
    /// <param name="use">The share in use.</param>
    /// <param name="policy">When levels begin and end.</param>
    public AlertState Next(double use, Instant now, AlertPolicy policy)
    {
        var next = this with
        {
            WarnSince = use >= policy.WarnAt ? Instant.Min(WarnSince, now) : Instant.Unknown,
            ActSince = use >= policy.ActAt ? Instant.Min(ActSince, now) : Instant.Unknown,
            CalmSince = Level != AlertLevel.Normal && use < ThresholdOf(Level, policy) - policy.Gap ? Instant.Min(CalmSince, now) : Instant.Unknown,
        };
        var reached = Has(next.ActSince, policy.Sustained, now) ? AlertLevel.Act
            : Has(next.WarnSince, policy.Sustained, now) ? AlertLevel.Warn
            : AlertLevel.Normal;
        if (reached > Level)
        {
            return next with { Level = reached, Since = now, CalmSince = Instant.Unknown };
        }

        if (Has(next.CalmSince, policy.Calm, now))
        {
            var left = Level == AlertLevel.Act && use >= policy.WarnAt - policy.Gap ? AlertLevel.Warn : AlertLevel.Normal;
            return next with { Level = left, Since = now, CalmSince = Instant.Unknown };
        }

        return next;
    }

    private static bool Has(Instant since, TimeSpan lasted, Instant now) => since.IsKnown && now - since >= lasted;

    private static double ThresholdOf(AlertLevel level, AlertPolicy policy) => level == AlertLevel.Act ? policy.ActAt : policy.WarnAt;
}
