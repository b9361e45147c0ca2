using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Gateway.Operations.Alerts.Causes;

namespace FuncLimiter.Gateway.Operations.Preflight;

/// <summary>The room that a step's calls have in the limit that binds them the most, and what others take of it.</summary>
/// <param name="Limit">The limit; null where there is none.</param>
/// <param name="PerSecond">How many of the step's calls it has room for in a second, where it is asked for them alone.</param>
/// <param name="OthersPerSecond">How many such calls others take in a second that go before the run's or along with them.</param>
/// <param name="Flow">The part of the limit that is taken of late, by all.</param>
/// <param name="Share">The part that is the run's however much others ask for.</param>
/// <param name="Places">How many calls may be under way at once.</param>
/// <param name="OthersPlaces">How many of these places others have.</param>
/// <param name="KeptSeconds">For how long what is not used is kept.</param>
/// <param name="GapSeconds">How long a window that is used up stays closed; 0 where room comes back bit by bit.</param>
/// <param name="Rivals">The part of what is taken that goes before the run's calls or along with them.</param>
internal readonly record struct RunRoom(
    BindingLimit? Limit,
    double PerSecond,
    double OthersPerSecond,
    double Flow,
    double Share,
    double Places,
    double OthersPlaces,
    double KeptSeconds,
    double GapSeconds,
    double Rivals)
{
    private const double BusyFrom = 0.6;
    private const double CrowdedFrom = 0.9;
    private const double Full = 0.95;
    private const double Crowded = 0.98;

    /// <summary>Whether all of it is taken.</summary>
    public bool IsFull => Flow >= Full;

    /// <summary>Whether others take all that they can get.</summary>
    public bool IsContended => IsFull && Rivals > 0.5;

    /// <summary>How busy it is, 0 to 1.</summary>
    public double Business => Math.Clamp((Flow - BusyFrom) / (Full - BusyFrom), 0, 1);

    /// <summary>How sure it is that a call finds it used up, 0 to 1.</summary>
    public double Crowd => Math.Clamp((Flow - CrowdedFrom) / (Crowded - CrowdedFrom), 0, 1);
}

/// <summary>Finds the room of steps, as limits stand and as they were used of late.</summary>
internal sealed class RunRooms
{
    private const double LeastShare = 0.1;
    private const double OwnShare = 0.5;

    private readonly LimiterReport _report;
    private readonly Watch _watch;
    private readonly Appetites _appetites;
    private readonly ILookup<string, (Consumer Consumer, double Taken)> _taken;

    public RunRooms(LimiterReport report, Watch watch, ConsumerLedger ledger, Instant now)
    {
        (_report, _watch, _appetites) = (report, watch, ledger.Appetites);
        _taken = _appetites.Read(
            static consumer => consumer.Kind is ConsumerKind.Tenant or ConsumerKind.Class, appetite => appetite.LastHour(now, ledger.Appetites.Beginning))
            .ToLookup(static taken => taken.Consumer.Deployment, StringComparer.Ordinal);
    }

    /// <summary>The room of a step.</summary>
    /// <param name="open">The places of its route that it may go to.</param>
    /// <param name="answerSeconds">How long an answer of a place takes, in seconds.</param>
    public RunRoom Of(PlannedStep step, IReadOnlyList<int> open, Func<int, double> answerSeconds)
    {
        var (all, caller) = (default(RunRoom), step.Caller);
        foreach (var place in open)
        {
            var deployment = step.Plan.Route.Deployments[place].Name;
            var consumer = new Consumer(ConsumerKind.Class, deployment, string.Empty, string.Empty);
            var room = Tightest(budget => !IsTenants(budget) && _appetites.ScopeOf(budget).Has(consumer), step.Plan.Charges[place], answerSeconds(place));
            var rivals = RivalsAt(deployment, step);
            room = room with
            {
                OthersPerSecond = room.OthersPerSecond * rivals,
                OthersPlaces = room.OthersPlaces * rivals,
                Rivals = rivals,
                Share = Math.Max(LeastShare, ShareAt(deployment, caller.Tenant) * (1 - HigherAt(deployment, caller.Priority))),
            };
            all = all.Limit is null ? room : all with
            {
                PerSecond = all.PerSecond + room.PerSecond,
                OthersPerSecond = all.OthersPerSecond + room.OthersPerSecond,
                Places = all.Places + room.Places,
                OthersPlaces = all.OthersPlaces + room.OthersPlaces,
            };
        }

        var own = Tightest(
            budget => budget == $"tenant:{caller.Tenant}" || budget == TenantSpec.BudgetOf(caller.Tenant, step.Plan.Route.Name)
                || (caller.User is not null && budget == $"user:{caller.Tenant}/{caller.User}"),
            step.Plan.Consumer, answerSeconds(open[0]));
        return own.PerSecond >= all.PerSecond ? all
            : own.Places <= all.Places ? own with { Share = OwnShare, Rivals = 1 }
            : own with { Share = OwnShare, Rivals = 1, Places = all.Places, OthersPlaces = all.OthersPlaces };
    }

    private static bool IsTenants(string budget) => budget.StartsWith("tenant:", StringComparison.Ordinal) || budget.StartsWith("user:", StringComparison.Ordinal);

    private RunRoom Tightest(Func<string, bool> isMeant, in Charge charge, double answerSeconds)
    {
        var least = new RunRoom { PerSecond = double.PositiveInfinity, Places = double.PositiveInfinity };
        foreach (var budget in _report.Budgets)
        {
            if (!isMeant(budget.Name))
            {
                continue;
            }

            for (var index = 0; index < budget.Meters.Count; index++)
            {
                if (budget.Meters[index] is { Effective: > 0 } meter && charge[meter.Dimension] > 0)
                {
                    least = Tighter(least, budget.Name, meter, FlowOf(budget.Name, index), charge[meter.Dimension], answerSeconds);
                }
            }
        }

        return least;
    }

    private static RunRoom Tighter(in RunRoom least, string budget, MeterReport meter, double flow, double amount, double answerSeconds)
    {
        var tighter = least;
        var isWindow = meter.WindowSeconds > 0;
        if (!isWindow && meter.Effective < least.Places)
        {
            tighter = tighter with { Places = meter.Effective, OthersPlaces = meter.Effective * flow };
        }

        var perSecond = isWindow ? meter.Effective / meter.WindowSeconds / amount : meter.Effective / answerSeconds;
        return perSecond >= least.PerSecond ? tighter : tighter with
        {
            Limit = new(budget, meter),
            PerSecond = perSecond,
            OthersPerSecond = isWindow ? perSecond * flow : 0,
            Flow = flow,
            KeptSeconds = isWindow ? meter.Capacity / meter.Effective * meter.WindowSeconds * Math.Max(0, 1 - flow) : 0,
            GapSeconds = meter.GivesAtOnce ? meter.WindowSeconds : 0,
        };
    }

    private double FlowOf(string budget, int meter)
    {
        lock (_watch.Gate)
        {
            return _watch.History.Find(budget) is { } track && meter < track.Meters.Count ? track.Meters[meter].Flow : 0;
        }
    }

    // The share of a deployment's work that goes before a step's calls or beside them: that of the same and higher classes, without those of the
    // tenant's own calls that stand behind them in its queue.
    private double RivalsAt(string deployment, PlannedStep step)
    {
        var (own, tenants, before, classes) = (0.0, 0.0, 0.0, 0.0);
        foreach (var (consumer, taken) in _taken[deployment])
        {
            if (consumer.Kind == ConsumerKind.Tenant)
            {
                (own, tenants) = (own + (consumer.Tenant == step.Caller.Tenant ? taken : 0), tenants + taken);
            }
            else
            {
                (before, classes) = (before + (Enum.Parse<Priority>(consumer.Name) <= step.Caller.Priority ? taken : 0), classes + taken);
            }
        }

        return classes <= 0 || tenants <= 0 ? 1 : before / classes * (1 - (own / tenants * step.AtOnce / step.Calls));
    }

    private double HigherAt(string deployment, Priority priority)
    {
        var (higher, all) = (0.0, 0.0);
        foreach (var (consumer, taken) in _taken[deployment].Where(static taken => taken.Consumer.Kind == ConsumerKind.Class))
        {
            (higher, all) = (higher + (Enum.Parse<Priority>(consumer.Name) < priority ? taken : 0), all + taken);
        }

        return all > 0 ? higher / all : 0;
    }

    // What a tenant's weight entitles it to among those that have had calls of late.
    private double ShareAt(string deployment, string tenant)
    {
        var active = _taken[deployment].Where(static taken => taken.Consumer.Kind == ConsumerKind.Tenant && taken.Taken > 0)
            .Select(static taken => taken.Consumer.Tenant).ToHashSet(StringComparer.Ordinal);
        lock (_watch.Gate)
        {
            var (own, others) = (1.0, 0.0);
            for (var place = 0; place < _watch.Shares.Count; place++)
            {
                var id = _watch.Shares.IdAt(place);
                if (id == tenant)
                {
                    own = _watch.Shares.At(place).Weight;
                }
                else if (active.Contains(id))
                {
                    others += _watch.Shares.At(place).Weight;
                }
            }

            return own / (own + others);
        }
    }
}
