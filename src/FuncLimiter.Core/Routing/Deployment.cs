using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Routing;

/// <summary>A deployment with the budgets that its calls must fit in: its own, its account's, and those that several accounts share.</summary>
internal sealed class Deployment(string id, Budget account, Budget own, IReadOnlyList<Budget> shared)
{
    private const double LeastSecondsPerRequest = 1e-6;
    private readonly Budget[] scopes = [own, account, .. shared];
    private readonly ScopeHealth[] healths = [.. Enumerable.Range(0, shared.Count + 2).Select(_ => new ScopeHealth())];

    public string Id { get; } = id;

    public Budget Account => scopes[1];

    /// <summary>All its budgets, the innermost first: its own, its account's, the shared ones.</summary>
    public ReadOnlySpan<Budget> Scopes => scopes;

    /// <summary>The pool whose calls compete for it; set once, when the limiter is made.</summary>
    public Pool Pool { get; set; } = null!;

    /// <summary>The pass of its pool in which a call ahead laid claim to what it has.</summary>
    public long ClaimedInPass { get; set; }

    public Instant FitsAt(in Charge charge, in Charge certain, Instant now)
    {
        var fits = now;
        for (var i = 0; i < scopes.Length && fits != Instant.Never; i++)
        {
            fits = Instant.Max(fits, Instant.Max(scopes[i].FitsAt(charge, certain, now), healths[i].OpensAt(now)));
        }

        return fits;
    }

    /// <summary>The same, with the part of each budget left free that background work leaves to others.</summary>
    public Instant FitsBesideOthersAt(in Charge charge, in Charge certain, Instant now)
    {
        var fits = now;
        for (var i = 0; i < scopes.Length && fits != Instant.Never; i++)
        {
            fits = Instant.Max(fits, scopes[i].FitsBesideOthersAt(charge, certain, now));
        }

        return fits;
    }

    /// <summary>The budget that has room for a charge last; of those that agree, the innermost.</summary>
    public Budget LastToFit(in Charge charge, in Charge certain, Instant now)
    {
        var (last, at) = (scopes[0], scopes[0].FitsAt(charge, certain, now));
        for (var i = 1; i < scopes.Length; i++)
        {
            if (scopes[i].FitsAt(charge, certain, now) is var fits && fits > at)
            {
                (last, at) = (scopes[i], fits);
            }
        }

        return last;
    }

    /// <summary>What all its budgets hold of an estimate, see <see cref="Budget.Clip"/>.</summary>
    public Charge Clip(in Charge charge, in Charge certain)
    {
        var held = charge;
        foreach (var scope in scopes)
        {
            held = scope.Clip(held, certain);
        }

        return held;
    }

    public void Take(in Charge charge, Instant now)
    {
        for (var i = 0; i < scopes.Length; i++)
        {
            healths[i].Take();
            scopes[i].Take(charge, now);
        }
    }

    public void Leave(in Charge charge, Instant takenAt, Instant now)
    {
        foreach (var scope in scopes)
        {
            scope.Leave(charge, takenAt, now);
        }
    }

    public void Settle(in Charge held, in Charge final, Instant takenAt, Instant now)
    {
        foreach (var scope in scopes)
        {
            scope.Settle(held, final, takenAt, now);
        }
    }

    /// <summary>
    /// What a charge costs, in seconds of refill. Where nothing refills and only the calls under way are limited, next to nothing, but the
    /// same for every request: tenants must take turns there too.
    /// </summary>
    public double Cost(in Charge charge)
    {
        var cost = charge.Requests * LeastSecondsPerRequest;
        foreach (var scope in scopes)
        {
            cost = Math.Max(cost, scope.Cost(charge));
        }

        return cost;
    }

    /// <summary>What can be taken at once, in seconds of its refill.</summary>
    public double Free(Instant now)
    {
        var free = double.PositiveInfinity;
        foreach (var scope in scopes)
        {
            free = Math.Min(free, scope.Free(now));
        }

        return free;
    }

    /// <summary>The part of its capacity that this process can count on, above 0, at most 1.</summary>
    public double Share => scopes.Min(scope => scope.Share);

    public double Utilization(Instant now)
    {
        var most = 0.0;
        foreach (var scope in scopes)
        {
            most = Math.Max(most, scope.Utilization(now));
        }

        return most;
    }

    /// <summary>
    /// Learns from a response: each reading goes to the innermost scope that has such a limit, a failure to the scope that it concerns.
    /// </summary>
    public void Observe(Observation observation, Reservation reservation, Instant now)
    {
        var isSuccess = observation.Kind == OutcomeKind.Success;
        var concerned = Concerned(observation);
        var readings = observation.Readings;
        for (var i = 0; i < scopes.Length; i++)
        {
            var heard = isSuccess || i == concerned ? observation : observation.ReadingsOnly();
            scopes[i].Observe(
                readings.Count == heard.Readings.Count ? heard : heard with { Readings = readings }, reservation.MarkOf(i), reservation.SentAt, now);
            if (readings.Count > 0 && i < scopes.Length - 1)
            {
                var scope = scopes[i];
                readings = [.. readings.Where(reading => !Has(scope, reading.Dimension))];
            }
        }

        var rest = healths[concerned].Rest(observation, reservation.SentAt, now);
        if (rest > TimeSpan.Zero)
        {
            scopes[concerned].CoolDown(now + rest, now);
        }
    }

    /// <summary>Until when any of its scopes is closed, or not lent.</summary>
    public Instant ClosedUntil(Instant now)
    {
        var until = scopes[0].OpensAt(now);
        for (var i = 1; i < scopes.Length; i++)
        {
            until = Instant.Max(until, scopes[i].OpensAt(now));
        }

        return until;
    }

    // The whole account's where the answer says so, else the innermost that limits what the answer names, else its own.
    private int Concerned(Observation observation)
    {
        if (observation.WholeAccount)
        {
            return 1;
        }

        return observation.Dimension is { } named ? Math.Max(0, Array.FindIndex(scopes, scope => Has(scope, named))) : 0;
    }

    private static bool Has(Budget budget, Dimension dimension)
    {
        foreach (var meter in budget.Meters)
        {
            if (meter.Dimension == dimension)
            {
                return true;
            }
        }

        return false;
    }
}
