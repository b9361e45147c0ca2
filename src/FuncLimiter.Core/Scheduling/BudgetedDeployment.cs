using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>A deployment with the budgets that its calls must fit in: its own, its account's, and those that several accounts share.</summary>
internal sealed partial class BudgetedDeployment(string id, Budget account, Budget own, IReadOnlyList<Budget> shared)
{
    private const double LeastSecondsPerRequest = 1e-6;
    private const double WeightOfRun = 0.1;
    private const double MostOfRun = 600;
    private static readonly TimeSpan UnknownRun = TimeSpan.FromSeconds(5);
    private Budget[] scopes = [own, account, .. shared];
    private ScopeHealth[] healths = [.. Enumerable.Range(0, shared.Count + 2).Select(_ => new ScopeHealth())];
    private (SuspectedLimit Limit, int Member, Budget Known)[] suspects = [];
    private double seconds;
    private double deviation;
    private bool isTimed;

    public string Id { get; } = id;

    public Budget Account => scopes[1];

    /// <summary>All its budgets, the innermost first: its own, its account's, the shared ones, and last those that are suspected.</summary>
    public ReadOnlySpan<Budget> Scopes => scopes;

    /// <summary>Its calls may count against a limit that no person wrote; to be told before the first of them.</summary>
    /// <param name="limit">The limit.</param>
    /// <param name="member">The place among those that share it of its own or its account's budget.</param>
    /// <param name="known">That budget.</param>
    public void Suspect(SuspectedLimit limit, int member, Budget known)
    {
        scopes = [.. scopes, limit.Budget];
        healths = [.. healths, new()];
        suspects = [.. suspects, (limit, member, known)];
    }

    /// <summary>Until when others are to serve that can, see <see cref="SuspectedLimit"/>.</summary>
    public Instant HeldBackUntil
    {
        get
        {
            var until = Instant.Distant;
            foreach (var (limit, member, _) in suspects)
            {
                until = Instant.Max(until, limit.HeldBackUntil(member));
            }

            return until;
        }
    }

    /// <summary>The pool whose calls compete for it; set once, when the limiter is made.</summary>
    public Pool Pool { get; set; } = null!;

    /// <summary>The pass of its pool in which a call ahead laid claim to what it has.</summary>
    public long ClaimedInPass { get; set; }

    public Instant FitsAt(in Charge charge, in Charge certain, Instant now)
    {
        var fits = now;
        for (var i = 0; i < scopes.Length && fits != Instant.Never; i++)
        {
            fits = Instant.Max(fits, Instant.Max(scopes[i].FitsAt(charge, certain, now), Health(i).OpensAt(now)));
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

    /// <summary>How long a call runs; a guess before any was seen.</summary>
    public RunTime Runs => isTimed
        ? new(TimeSpan.FromSeconds(Math.Min(MostOfRun, seconds)), TimeSpan.FromSeconds(Math.Min(MostOfRun, seconds + (2 * deviation))))
        : new(UnknownRun, UnknownRun);

    /// <summary>When a charge will go out behind others that go as soon as they fit.</summary>
    public Instant Foresee(in Charge charge, in Charge certain, in QueueAhead ahead, Instant now) => Foresee(charge, certain, ahead, now, out _);

    /// <summary>The same, with the budget that will have room for it last; of those that agree the innermost, null where all have it now.</summary>
    public Instant Foresee(in Charge charge, in Charge certain, in QueueAhead ahead, Instant now, out Budget? last)
    {
        (var turn, last) = (now, null);
        for (var i = 0; i < scopes.Length && turn != Instant.Never; i++)
        {
            if (Instant.Max(scopes[i].Foresee(charge, certain, ahead, now), Health(i).OpensAt(now)) is var at && at > turn)
            {
                (turn, last) = (at, scopes[i]);
            }
        }

        return turn;
    }

    /// <summary>True where a limit gives its room all at once, as a window does, and not bit by bit.</summary>
    public bool GivesAtOnce { get; } = Array.Exists([own, account, .. shared], static scope => scope.GivesAtOnce);

    /// <summary>True where two have a budget with limits in common, so that their calls need the same room.</summary>
    public bool IsRival(BudgetedDeployment other) => this == other || Array.Exists(scopes, scope => scope.Meters.Count > 0 && Array.IndexOf(other.scopes, scope) >= 0);

    /// <summary>Whether what a charge costs is told by a budget that two deployments have in common.</summary>
    public bool IsBoundWith(BudgetedDeployment other, in Charge charge)
    {
        var cost = Cost(charge);
        foreach (var scope in scopes)
        {
            if (scope.Meters.Count > 0 && Array.IndexOf(other.scopes, scope) >= 0 && scope.Cost(charge) >= cost)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a charge lacks only what is ours to provide, see <see cref="Budget.IsOnlyUnready"/>.</summary>
    public bool IsOnlyUnready(in Charge charge, in Charge certain, Instant now, ref bool isUnready)
    {
        foreach (var scope in scopes)
        {
            if (!scope.IsOnlyUnready(charge, certain, now, ref isUnready))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Keeps room for a call that is yet to come.</summary>
    public void Hold(in Charge charge)
    {
        foreach (var scope in scopes)
        {
            scope.Hold(charge);
        }
    }

    /// <summary>The room is not kept any more.</summary>
    public void Release(in Charge charge)
    {
        foreach (var scope in scopes)
        {
            scope.Release(charge);
        }
    }

    public void Take(in Charge charge, Instant now)
    {
        for (var i = 0; i < scopes.Length; i++)
        {
            Health(i).Take();
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

    public void Settle(Reservation reservation, in Charge final, Instant now)
    {
        var (held, sentAt) = (reservation.Provider, reservation.SentAt);
        var ran = (now - sentAt).TotalSeconds;
        var off = isTimed ? ran - seconds : 0;
        (seconds, deviation) = (isTimed ? seconds + (off * WeightOfRun) : ran, isTimed ? deviation + ((Math.Abs(off) - deviation) * WeightOfRun) : ran / 2);
        isTimed = true;
        foreach (var scope in scopes)
        {
            scope.Settle(held, final, sentAt, now);
            if (!reservation.HasReport)
            {
                scope.Miss(held, final, sentAt);
            }
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
    /// Learns from a response: each reading goes to the innermost scope that has such a limit, one that was found shared before all others; a
    /// failure to the scope that it concerns. Of several of one kind (of a model's limit and of its project's) each scope takes the one whose
    /// limit is nearest to its own.
    /// </summary>
    /// <returns>The limit that is known from now on to be shared, or not to be; null for none.</returns>
    public SuspectedLimit? Observe(Observation observation, Reservation reservation, Instant now)
    {
        var isSuccess = observation.Kind == OutcomeKind.Success;
        var call = reservation.Call!.AsCharged(reservation.Call.Place);
        var concerned = Concerned(observation);
        var readings = observation.Readings;
        reservation.HasReport |= readings.Count > 0;
        var known = scopes.Length - suspects.Length;
        var changed = Watch(observation, new(call, reservation.TakenAt), reservation, now);
        for (var n = 0; n < scopes.Length; n++)
        {
            var i = n < suspects.Length ? known + n : n - suspects.Length;
            var isSuspected = scopes[i].IsSuspected;
            var heard = isSuccess || i == concerned ? observation : observation.ReadingsOnly();
            var own = OwnOf(isSuspected ? suspects[n].Known : scopes[i], readings);
            scopes[i].Observe(
                own.Count == heard.Readings.Count ? heard : heard with { Readings = own },
                reservation.MarkOf(i),
                new(call, reservation.TakenAt),
                reservation.SentAt,
                now);
            if (!isSuspected && readings.Count > 0 && n < scopes.Length - 1)
            {
                var scope = scopes[i];
                readings = [.. readings.Where(reading => !Has(scope, reading.Dimension) || !own.Contains(reading))];
            }
        }

        var rest = Health(concerned).Rest(observation, reservation.SentAt, now);
        if (rest > TimeSpan.Zero)
        {
            scopes[concerned].CoolDown(now + rest, now, observation.IsHearsay ? null : observation.Kind);
        }

        return changed;
    }

    // A scope that a person opened begins anew.
    private ScopeHealth Health(int scope) =>
        healths[scope].Openings == scopes[scope].Openings ? healths[scope] : healths[scope] = new() { Openings = scopes[scope].Openings };

    private SuspectedLimit? Watch(Observation observation, in SentCall sent, Reservation reservation, Instant now)
    {
        SuspectedLimit? changed = null;
        var isForeseen = suspects.Length > 0 && ClosedUntil(now) > reservation.SentAt;
        foreach (var (limit, member, own) in suspects)
        {
            if (limit.Observe(member, observation, OwnOf(own, observation.Readings), sent, reservation.SentAt, isForeseen, now))
            {
                changed ??= limit;
            }
        }

        return changed;
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

    // The whole account's where the answer says so; of a full limit one that was found shared; else the innermost that limits what the answer names,
    // else its own.
    private int Concerned(Observation observation)
    {
        if (observation.WholeAccount)
        {
            return 1;
        }

        var found = observation.Kind == OutcomeKind.RateLimited ? CommonOf(observation.Dimension) : -1;
        return found >= 0 ? found
            : observation.Dimension is { } named ? Math.Max(0, Array.FindIndex(scopes, scope => Has(scope, named)))
            : 0;
    }

    // The place of the limit on a dimension, or of any, that several were found to share, or are taken to while that is looked into; -1 for none.
    private int CommonOf(Dimension? dimension)
    {
        for (var i = scopes.Length - suspects.Length; i < scopes.Length; i++)
        {
            if (!scopes[i].IsSuspected && (dimension is not { } wanted || Has(scopes[i], wanted)))
            {
                return i;
            }
        }

        return -1;
    }

    private static IReadOnlyList<LimitReading> OwnOf(Budget budget, IReadOnlyList<LimitReading> readings)
    {
        for (var i = 0; i < readings.Count; i++)
        {
            if (IsOfAnother(budget, readings[i], readings))
            {
                return [.. readings.Where(reading => !IsOfAnother(budget, reading, readings))];
            }
        }

        return readings;
    }

    private static bool IsOfAnother(Budget budget, in LimitReading reading, IReadOnlyList<LimitReading> readings)
    {
        foreach (var meter in budget.Meters)
        {
            for (var i = 0; i < readings.Count && reading.Concerns(meter.Limit); i++)
            {
                if (readings[i].Concerns(meter.Limit) && readings[i].Window == reading.Window && Distance(readings[i], meter) < Distance(reading, meter))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static long Distance(in LimitReading reading, Meter meter) => reading.Limit is { } limit ? Math.Abs(limit - meter.Limit.Amount) : 0;

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
