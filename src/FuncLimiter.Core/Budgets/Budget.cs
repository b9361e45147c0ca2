using FuncLimiter.Core.Leasing;

namespace FuncLimiter.Core.Budgets;

/// <summary>The meters of one scope: an account, a deployment, a tenant, a user. A call must fit in all of them.</summary>
public sealed partial class Budget
{
    private const double MostExcess = 0.02;
    private static readonly TimeSpan MostCooldown = TimeSpan.FromDays(7);
    private readonly Meter[] meters;
    private readonly Caution caution;
    private readonly Traffic? traffic;
    private readonly ChargeLearner[] learners;
    private Meter[] asked;
    private double[] usedAtAsk = [];
    private bool isDirty;
    private Instant savedCooldown;

    /// <summary>A budget with nothing taken.</summary>
    /// <param name="name">Scope and id, for example <c>tenant:acme</c>.</param>
    /// <param name="limits">Its limits; none means that everything fits.</param>
    /// <param name="caution">How far to stay from them.</param>
    public Budget(string name, IReadOnlyList<Limit> limits, Caution caution)
    {
        Name = name;
        this.caution = caution;
        meters = [.. limits.Select(limit => Meter.Create(limit, caution))];
        asked = meters;
        traffic = meters.Length > 0 && !caution.IsFixed ? new() : null;
        GivesAtOnce = Array.Exists(meters, static meter => meter.Round(default) is not null);
        learners = caution.IsFixed ? [] : ChargeLearners.Of(limits);
    }

    /// <summary>Scope and id.</summary>
    public string Name { get; }

    /// <summary>Its meters, one a limit; none while it is only suspected.</summary>
    public IReadOnlyList<Meter> Meters => asked;

    /// <summary>The same, also while it is only suspected.</summary>
    internal IReadOnlyList<Meter> Counted => meters;

    /// <summary>
    /// True of a limit that several budgets may share without anybody's having said so: it counts what they take, and holds nothing back.
    /// </summary>
    internal bool IsSuspected
    {
        get => asked.Length < meters.Length;
        set => (asked, Binding) = (value ? [] : meters, -1);
    }

    /// <summary>Since when it is known that several budgets share it, though no person wrote so; null of any other.</summary>
    public FoundLimit? Found { get; internal set; }

    /// <summary>True where a limit gives its room all at once, as a window does, and not bit by bit.</summary>
    internal bool GivesAtOnce { get; }

    /// <summary>Until when the provider closed it.</summary>
    public Instant CooldownUntil { get; private set; }

    /// <summary>
    /// When a quota of it that is spent is likely whole again, see <see cref="Observation.LikelyEnd"/>: nobody is told to come before, and what
    /// goes out once the cooldown is over may find it open earlier. <see cref="Instant.Distant"/> where none is spent.
    /// </summary>
    public Instant LikelyEnd { get; private set; }

    /// <summary>What the provider answered that closed it last; null where that is not known here, as after a restart.</summary>
    public OutcomeKind? ClosedBy { get; private set; }

    /// <summary>When the scope opens, or can be expected to be lent again.</summary>
    internal Instant OpensAt(Instant now) => Lease is { } lease ? Instant.Max(CooldownUntil, lease.Hold.RegainedAt(now)) : CooldownUntil;

    /// <summary>How far to stay from the limits.</summary>
    public Caution Caution => caution;

    /// <summary>
    /// All that was ever taken: the difference of two readings is what was taken between them. Counted only where a provider may report
    /// what remains.
    /// </summary>
    public ref readonly Charge Taken => ref traffic is { } counted ? ref counted.Taken : ref Charge.None;

    /// <summary>What is being learned of how the provider charges it, here or where the budget is owned.</summary>
    internal ReadOnlySpan<ChargeLearner> Learners => learners;

    /// <summary>What this process has of the budget where somebody else owns it; null where it is owned here.</summary>
    internal LeasedBudget? Lease { get; set; }

    /// <summary>The part of the budget's refill that this process can count on, above 0, at most 1.</summary>
    internal double Share => Lease?.Share ?? 1;

    /// <summary>True where something changed since the last <see cref="Save"/> that must outlive the process; without limits, only a cooldown.</summary>
    internal bool IsDirty => meters.Length > 0 ? isDirty : CooldownUntil != savedCooldown;

    /// <summary>The place of the meter that last made a call wait; -1 before any did.</summary>
    internal int Binding { get; private set; } = -1;

    /// <summary>
    /// The first instant at which a charge fits all meters if nothing else is taken: now, a time, <see cref="Instant.Unknown"/> where it
    /// hangs on an event, or <see cref="Instant.Never"/>. Waiting only makes room, so the latest of the meters' instants is exact.
    /// </summary>
    public Instant FitsAt(in Charge charge, Instant now) => FitsAt(charge, charge, now);

    /// <summary>
    /// The same for an estimate: where it is more than a whole limit and what is certain of it is not, it fits once that limit is whole.
    /// </summary>
    public Instant FitsAt(in Charge charge, in Charge certain, Instant now)
    {
        var fits = Instant.Max(now, CooldownUntil);
        if (Lease is { } lease)
        {
            return Instant.Max(fits, lease.Hold.FitsAt(charge, certain, now));
        }

        var binding = -1;
        for (var i = 0; i < asked.Length; i++)
        {
            var counted = asked[i].Dimension;
            var at = asked[i].FitsAt(Guarded(asked[i], Charge.Clip(charge[counted], certain[counted], asked[i].Capacity)), now);
            if (at > fits)
            {
                fits = at;
                binding = i;
            }
        }

        if (binding >= 0 && asked[binding].Dimension != Dimension.Concurrent)
        {
            Binding = binding;
        }

        return fits;
    }

    /// <summary>What is held of an estimate: of each limit the whole at most, as long as what is certain is no more.</summary>
    internal Charge Clip(Charge charge, in Charge certain)
    {
        foreach (var meter in asked)
        {
            var counted = meter.Dimension;
            if (Charge.Clip(charge[counted], certain[counted], meter.Capacity) is var held && held < charge[counted])
            {
                charge = charge.With(counted, (long)held);
            }
        }

        return charge;
    }

    /// <summary>
    /// When a charge will go out behind others that go as soon as they fit: now, a time, or <see cref="Instant.Never"/>. Where the budget is
    /// leased, <see cref="Instant.Unknown"/> while nobody knows.
    /// </summary>
    internal Instant Foresee(in Charge charge, in Charge certain, in Scheduling.QueueAhead ahead, Instant now)
    {
        var turn = Instant.Max(Instant.Max(now, OpensAt(now)), LikelyEnd);
        // Before anything was lent, all that is known is the whole budget.
        if (Lease is { } lease && (lease.Hold.ExpiresAt != Instant.Distant || asked.Length == 0))
        {
            var fits = lease.Hold.FitsAt(charge, certain, now);
            var places = Array.Find(asked, meter => meter.Dimension == Dimension.Concurrent);
            var rounds = places is null || charge.Concurrent == 0 ? 0 : Math.Floor((ahead.Calls + 1) / Math.Max(1, places.Effective * Share));
            var alone = fits.IsKnown || ahead.Work <= 0 ? 0 : Cost(charge);
            var inLine = TimeSpan.FromSeconds(Math.Min(MostCooldown.TotalSeconds, (ahead.Work + alone) / Share)) + (rounds * (ahead.Runs.Longest + ahead.LostARound));
            return fits == Instant.Never ? fits
                : fits.IsKnown ? Instant.Max(turn, fits) + inLine
                : Instant.Max(turn, now) + inLine;
        }

        for (var i = 0; i < asked.Length; i++)
        {
            var counted = asked[i].Dimension;
            if (Charge.Clip(charge[counted], certain[counted], asked[i].Capacity) is > 0 and var amount)
            {
                turn = Instant.Max(turn, asked[i].Foresee(amount, ahead.Load[counted], ahead, now));
            }
        }

        return turn;
    }

    /// <summary>
    /// Whether a charge lacks only what is ours to provide: a checkpoint of the budget that is not kept yet, or of a leased budget a lease
    /// though its owner has room.
    /// </summary>
    internal bool IsOnlyUnready(in Charge charge, in Charge certain, Instant now, ref bool isUnready)
    {
        if (CooldownUntil > now)
        {
            return false;
        }

        if (Lease is { } lease)
        {
            var fits = lease.Hold.FitsAt(charge, certain, now);
            isUnready |= fits == Instant.Unknown;
            return fits <= now || fits == Instant.Unknown && lease.MayBeLent;
        }

        foreach (var meter in asked)
        {
            var amount = Charge.Clip(charge[meter.Dimension], certain[meter.Dimension], meter.Capacity);
            if (!meter.HasRoom(Guarded(meter, amount), now))
            {
                return false;
            }

            isUnready |= amount > meter.Allowance;
        }

        return true;
    }

    // A bucket keeps the refill of a jitter in hand, which is more.
    private double Guarded(Meter meter, double amount) =>
        traffic is null || amount <= 0 || !HasEstimates || meter.Limit.Algorithm is LimitAlgorithm.Bucket or LimitAlgorithm.Concurrency
            ? amount
            : Math.Max(amount, Math.Min(amount + Math.Min(traffic.Excess(meter.Dimension), meter.Capacity * MostExcess), meter.Capacity));

    /// <summary>Whether what is taken are estimates, which a call may exceed in the end.</summary>
    internal bool HasEstimates { get; set; }

    /// <summary>What the meter counts that a charge fits last; null where all have room.</summary>
    internal Dimension? Tightest(in Charge charge, in Charge certain, Instant now)
    {
        var (tightest, latest) = ((Dimension?)null, now);
        foreach (var meter in asked)
        {
            if (meter.FitsAt(Charge.Clip(charge[meter.Dimension], certain[meter.Dimension], meter.Capacity), now) is var at && at > latest)
            {
                (tightest, latest) = (meter.Dimension, at);
            }
        }

        return tightest;
    }

    /// <summary>The share of each meter that background work leaves to others, 0 to 1; for good while it is above 0.</summary>
    internal double KeptFree { get; set; }

    /// <summary>Takes a charge from all meters.</summary>
    public void Take(in Charge charge, Instant now)
    {
        traffic?.Begin(charge);
        isDirty = true;
        Lease?.Hold.Take(charge, now);
        foreach (var meter in meters)
        {
            meter.Take(charge[meter.Dimension], now);
        }

        if (traffic is not null && caution.Send(now))
        {
            Reconsider(now);
        }
    }

    /// <summary>Keeps room for a call that is yet to come.</summary>
    internal void Hold(in Charge charge)
    {
        Lease?.Hold.Keep(charge, 1);
        foreach (var meter in meters)
        {
            meter.Hold(charge[meter.Dimension]);
        }
    }

    /// <summary>Gives back what was held.</summary>
    internal void Release(in Charge charge)
    {
        Lease?.Hold.Keep(charge, -1);
        foreach (var meter in meters)
        {
            meter.Release(charge[meter.Dimension]);
        }
    }

    /// <summary>Replaces a charge by what it came to.</summary>
    public void Settle(in Charge held, in Charge final, Instant takenAt, Instant now)
    {
        traffic?.End(held, final);
        isDirty = true;
        Lease?.Hold.Settle(held, final, takenAt, now);
        foreach (var meter in meters)
        {
            meter.Settle(held[meter.Dimension], final[meter.Dimension], takenAt, now);
        }
    }

    /// <summary>A charge left later than it was taken. What is lent here counts from when it was taken: the owner keeps the margin.</summary>
    internal void Leave(in Charge charge, Instant takenAt, Instant now)
    {
        if (Lease is not null)
        {
            return;
        }

        isDirty = true;
        foreach (var meter in meters)
        {
            meter.Move(charge[meter.Dimension], takenAt, now);
        }

        Delay(now - takenAt, now);
    }

    /// <summary>
    /// What a charge costs, in seconds of the whole scope's refill, on the limit that binds; before any has bound, on the one that the
    /// charge presses most. Fairness counts service in this unit, so that requests and tokens compare.
    /// </summary>
    internal double Cost(in Charge charge)
    {
        var costly = Costliest(charge);
        return costly < 0 ? 0 : charge[asked[costly].Dimension] * (Binding >= 0 ? asked[costly].SecondsPerUnit : asked[costly].FairSecondsPerUnit);
    }

    /// <summary>Whether a limit has room for no more than one such charge at a time.</summary>
    internal bool HasRoomForOne(in Charge charge)
    {
        foreach (var meter in asked)
        {
            if (meter is ContinuousBucket bucket && charge[meter.Dimension] > 0 && bucket.Together(charge[meter.Dimension]) < 2)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How far apart callers who come back must be told to, where room comes bit by bit.</summary>
    internal TimeSpan Apart(in Charge charge)
    {
        var most = TimeSpan.Zero;
        foreach (var meter in asked)
        {
            most = meter.Apart(charge[meter.Dimension]) is var apart && apart > most ? apart : most;
        }

        return most;
    }

    /// <summary>For how long such callers may be told the same time, counted by how far apart they have to come, where room comes bit by bit.</summary>
    internal TimeSpan Burst(in Charge charge)
    {
        TimeSpan? least = null;
        foreach (var meter in asked)
        {
            if (meter is ContinuousBucket bucket && charge[meter.Dimension] is > 0 and var amount)
            {
                var burst = (bucket.Together(amount) - 1) * bucket.Apart(amount);
                least = burst < least || least is null ? burst : least;
            }
        }

        return least ?? TimeSpan.Zero;
    }

    // The meter that a charge's cost is told by; -1 for none.
    private int Costliest(in Charge charge)
    {
        var (costly, most) = (Binding, 0.0);
        for (var i = 0; i < asked.Length && Binding < 0; i++)
        {
            var cost = charge[asked[i].Dimension] * asked[i].FairSecondsPerUnit;
            (costly, most) = cost > most ? (i, cost) : (costly, most);
        }

        return costly;
    }

    /// <summary>Days turn by a wall clock that is so far ahead of the instants handed in.</summary>
    internal void FollowWall(TimeSpan ahead, Instant now)
    {
        foreach (var meter in meters)
        {
            (meter as CalendarDay)?.FollowWall(ahead, now);
        }
    }

    /// <summary>The most of a dimension that could ever be taken at once, less what is kept in hand.</summary>
    internal double CapacityOf(Dimension dimension)
    {
        var least = double.PositiveInfinity;
        foreach (var meter in asked)
        {
            least = meter.Dimension == dimension ? Math.Min(least, meter.Capacity) : least;
        }

        return least;
    }
}
