using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core;

/// <summary>
/// All budgets and queues of one process. Not thread-safe, keeps no clock: a host calls it under one lock with the time, arms one timer
/// for <see cref="NextWake"/>, and carries out what <see cref="TryTakeReleased"/> hands out.
/// </summary>
public sealed partial class Limiter
{
    private readonly Topology topology;
    private readonly TenantTable tenants;
    private readonly Bookings bookings;
    private readonly QueuePolicy queue;
    private readonly CallTimers deadlines = new(CallState.Waiting);
    private readonly CallTimers expiries = new(CallState.Admitted);
    private readonly Queue<Call> released = new();
    private readonly Checkpoints checkpoints;
    private readonly List<Call> delayed = [];
    private readonly TimeSpan[] maxWait;
    private Instant latest;
    private Call? submitting;
    private long generation;
    private int waiting;
    private long admitted;
    private long refused;
    private long rateLimited;

    /// <summary>A limiter with nothing taken and nothing waiting.</summary>
    /// <param name="spec">Its parts.</param>
    public Limiter(LimiterSpec spec)
    {
        maxWait = [.. spec.Queue.MaxWait];
        queue = spec.Queue;
        bookings = new(isTabled: spec.Leases is null);
        topology = new(spec, Decide);
        checkpoints = new(spec.IsDurable, topology.Budgets);
        Leases = spec.Leases is { } terms ? new(terms) : null;
        tenants = new(spec, Keep, Leases);
        Controls = new(topology, tenants, ReleaseAll);
        Leases?.Lease(topology);
        foreach (var pool in topology.Pools)
        {
            pool.MayGo = MayGo;
        }
    }

    /// <summary>Leases the budgets from their owners; null where they are owned here.</summary>
    public LeaseDesk? Leases { get; }

    /// <summary>What a person, or whoever acts on alerts, may change while it runs.</summary>
    public Controls Controls { get; }

    /// <summary>How many calls wait.</summary>
    public int Waiting => waiting;

    /// <summary>True where a call waits only for the next checkpoint of the durable state.</summary>
    public bool NeedsCheckpoint => (waiting > 0 || bookings.Count > 0) && checkpoints.AreWaitedFor(Durable());

    /// <summary>When <see cref="Advance"/> must be called at the latest; <see cref="Instant.Unknown"/> for not before another event.</summary>
    public Instant NextWake
    {
        get
        {
            var next = Instant.Unknown;
            foreach (var pool in topology.Pools)
            {
                next = pool.Waiting > 0 ? Instant.Min(next, pool.NextWake) : next;
            }

            return Instant.Min(Instant.Min(next, bookings.NextWake), Instant.Min(deadlines.Next, expiries.Next));
        }
    }

    /// <summary>Asks for a call to be let out. Admitted and refused calls are done; a waiting one comes out of <see cref="TryTakeReleased"/>.</summary>
    /// <exception cref="ArgumentException">The route is unknown, the charges don't match its places, or the call is under way.</exception>
    public CallState Submit(Call call, Instant now)
    {
        now = Clock(now);
        var lane = Prepare(call, now);
        if (Leases is not null)
        {
            LeaseDesk.Arrive(call, now);
        }

        var pool = lane.Pool;
        if (pool.Waiting == 0 && bookings.Count == 0)
        {
            pool.BeginPass();
            if (CallRoom.IsFreeOfItsOwn(call, now) && pool.FindPlace(lane, call, now, out _, out _) is >= 0 and var place)
            {
                call.Place = place;
                Admit(call, now);
                pool.Arrive(call, now);
                return call.State;
            }
        }

        if (CallRoom.NeverFits(call, now) is { } never)
        {
            return Refuse(call, never);
        }

        call.Price();
        PassBookings(now);
        return bookings.LineOf(call).Find(call, now) is { } booking ? ComeBack(call, booking, now) : Enqueue(call, now);
    }

    /// <summary>Gives a waiting call up. False where it does not wait (any more).</summary>
    public bool Cancel(Call call, Instant now)
    {
        now = Clock(now);
        if (call.State != CallState.Waiting)
        {
            return false;
        }

        var pool = call.Lane!.Pool;
        Withdraw(call);
        call.State = CallState.Idle;
        pool.Dispatch(now);
        return true;
    }

    /// <summary>Learns from what a response said, before or after its call is settled.</summary>
    public void Observe(Reservation reservation, Observation observation, Instant now)
    {
        now = Clock(now);
        if (reservation.Call is not { Deployment: { } deployment } call)
        {
            return;
        }

        rateLimited += observation.Kind == OutcomeKind.RateLimited ? 1 : 0;
        if (deployment.Observe(observation, reservation, now) is { } suspect)
        {
            var found = suspect.IsFound ? suspect : topology.Widest(suspect);
            Set(found, suspect.IsFound ? null : found.Find(now), now);
        }

        call.Lane!.Pool.Dispatch(now);
    }

    /// <summary>
    /// Tells that a call leaves for its provider only now. Providers count a call when it arrives: in their budgets it counts from now on,
    /// and they keep as much in hand as it was late.
    /// </summary>
    public void Leave(Reservation reservation, Instant now)
    {
        now = Clock(now);
        if (!reservation.IsSettled && reservation.SentAt < now && reservation.Call is { Deployment: { } deployment })
        {
            deployment.Leave(reservation.Provider, reservation.SentAt, now);
            reservation.Leave(deployment.Scopes, now);
        }
    }

    /// <summary>
    /// Tells how late this process gets to what it has to do. Calls that go out now will leave as late, so the budgets of providers keep as much
    /// in hand. To be told again and again, lateness of zero too: only so is it forgotten.
    /// </summary>
    public void Delay(TimeSpan by, Instant now)
    {
        now = Clock(now);
        foreach (var budget in topology.Budgets)
        {
            budget.Delay(by, now);
        }
    }

    /// <summary>Replaces what is held by what was used. Does nothing a second time.</summary>
    public void Settle(Reservation reservation, in Settlement settlement, Instant now)
    {
        now = Clock(now);
        if (reservation.IsSettled || reservation.Call is not { Deployment: { } deployment, Owner: { } tenant } call)
        {
            return;
        }

        reservation.IsSettled = true;
        var charged = call.AsCharged(call.Place);
        var (held, consumer) = (call.BoundedAtProvider(settlement.Provider), call.BoundedAtConsumer(settlement.Consumer));
        var provider = deployment.FinalOf(charged, held, settlement);
        deployment.Settle(reservation, provider, now);
        deployment.Disregard(provider, charged, held, settlement);
        deployment.End(charged, settlement, reservation.TakenAt, now);
        tenant.Budget.Settle(call.Consumer, consumer, reservation.TakenAt, now);
        call.OwnerRoute?.Budget.Settle(call.Consumer, consumer, reservation.TakenAt, now);
        call.OwnerUser?.Settle(call.Consumer, consumer, reservation.TakenAt, now);

        call.State = CallState.Idle;
        Pool.Correct(call, deployment.Cost(held));
        if (waiting > 0 || bookings.Count > 0)
        {
            Release(call, now);
        }
    }

    /// <summary>Lets time pass: what fits now goes out, what has waited too long is refused, reservations that nobody settled count as spent.</summary>
    public void Advance(Instant now)
    {
        now = Clock(now);
        while (expiries.TryTakeDue(now, out var expired))
        {
            Expire(expired.Reservation, now);
        }

        PassBookings(now);
        Dispatch(now);
        if (RefuseOverdue(now))
        {
            Dispatch(now);
        }
    }

    /// <summary>Hands out, one by one, calls that waited and now are admitted or refused.</summary>
    public bool TryTakeReleased(out Call call) => released.TryDequeue(out call!);

    /// <summary>
    /// Closes a deployment (<c>account/model</c>), an account or a shared limit until an instant, or opens it where that has passed. False
    /// where there is none.
    /// </summary>
    public bool CoolDown(string scope, Instant until, Instant now) =>
        Controls.Close($"account:{scope}", until, Clock(now))
        || Controls.Close($"deployment:{scope}", until, Clock(now))
        || Controls.Close($"shared:{scope}", until, Clock(now));

    /// <summary>Takes up an owner's answer: what it lends may go out.</summary>
    /// <exception cref="InvalidOperationException">The budgets are owned here.</exception>
    public void Apply(ScopeAnswer answer, Instant now)
    {
        now = Clock(now);
        (Leases ?? throw new InvalidOperationException("The budgets are not leased.")).Apply(answer, now);
        topology.FollowOwners(now);
        foreach (var pool in topology.Pools)
        {
            pool.Weigh(Leases.Meant(pool), tenants);
        }

        LookAtDelayed(now);
        ReleaseAll(now);
    }

    private void Set(SuspectedLimit suspect, FoundLimit? found, Instant now)
    {
        topology.Decide(suspect, found, now);
        checkpoints.Keep(suspect.Budget);
    }

    private void Keep(Budget budget)
    {
        checkpoints.Keep(budget);
        budget.FollowWall(wallAhead, latest);
        if (budget.Meters.Count > 0)
        {
            Leases?.Lease(budget);
        }
    }

    private Instant Clock(Instant now) => latest = Instant.Max(latest, now);

    private IEnumerable<Budget> Durable() => topology.Budgets.Concat(tenants.All.SelectMany(tenant => tenant.Budgets));

    private Lane Prepare(Call call, Instant now)
    {
        var lane = topology.Find(call.Route) ?? throw new ArgumentException($"There is no route '{call.Route}'.", nameof(call));
        if (call.Provider.Length != lane.Places.Length)
        {
            throw new ArgumentException($"Route '{call.Route}' has {lane.Places.Length} places, the call {call.Provider.Length} charges.", nameof(call));
        }

        if (call.ProviderAtLeast is { } certain && certain.Length != lane.Places.Length)
        {
            throw new ArgumentException($"Route '{call.Route}' has {lane.Places.Length} places, the call {certain.Length} certain charges.", nameof(call));
        }

        if (call.State is CallState.Waiting or CallState.Admitted)
        {
            throw new ArgumentException("The call is under way already.", nameof(call));
        }

        call.Prepare(lane, tenants.Find(call.Tenant), maxWait[(int)call.Priority], ++generation, now);
        return lane;
    }

    // What the pool calls for a call whose turn it is.
    private bool Decide(Call call, Instant now)
    {
        CountWaiting(call, -1);
        if (call.Booking is { } booking)
        {
            return Hold(call, booking, now);
        }

        if (call.Place < 0)
        {
            Refuse(call, CallRoom.NeverFits(call, now) ?? new(RefusalReason.NoDeployment, $"route:{call.Route}", Instant.Never));
        }
        else
        {
            Admit(call, now);
        }

        if (call != submitting)
        {
            released.Enqueue(call);
        }

        return call.State == CallState.Admitted;
    }

    private CallState Admit(Call call, Instant now)
    {
        call.Clip();
        var deployment = call.Lane!.Places[call.Place];
        var charge = deployment.Clip(call.ChargeAt(call.Place), call.Certain(call.Place));
        deployment.Take(charge, now);
        deployment.Begin(call.AsCharged(call.Place), now);
        call.Owner!.Budget.Take(call.Consumer, now);
        call.OwnerRoute?.Budget.Take(call.Consumer, now);
        call.OwnerUser?.Take(call.Consumer, now);

        call.Deployment = deployment;

        // Tenants are compared by what a call costs as documented: what is learned on the way must not favour calls of one shape.
        call.Cost = deployment.Cost(call.Provider[call.Place]);
        call.Lane.Pool.Count(call, now);
        call.Owner.Traffic?.Serve(call.Priority, call.TenantCost, 1, now);
        call.OwnerRoute?.Traffic?.Serve(call.Priority, call.RouteCost, 1, now);
        call.OwnerUser?.Traffic?.Serve(call.Priority, call.UserCost, 1, now);
        call.Lane.Affinity?.Note(call.Prefixes, call.Place, now);
        call.Reservation.Begin(call, charge, deployment.Scopes, now);
        if (call.ExpiresAfter is { } expiresAfter)
        {
            expiries.Set(call, now + expiresAfter);
        }

        admitted++;
        return call.State = CallState.Admitted;
    }

    private CallState Refuse(Call call, Refusal refusal)
    {
        refused++;
        call.Refusal = refusal;
        return call.State = CallState.Refused;
    }

    private void Dispatch(Instant now)
    {
        foreach (var pool in topology.Pools)
        {
            if (pool.Waiting > 0)
            {
                pool.Dispatch(now);
            }
        }
    }

    private void Withdraw(Call call)
    {
        call.Lane!.Pool.Remove(call.Lane, call);
        CountWaiting(call, -1);
        deadlines.Trim(waiting);
    }

    private void ReleaseAll(Instant now)
    {
        foreach (var tenant in tenants.All)
        {
            tenant.ReleaseAll();
        }

        Advance(now);
    }

    private void Release(Call settled, Instant now)
    {
        if (settled.Owner!.Release(settled.OwnerUser))
        {
            Dispatch(now);
            return;
        }

        settled.Lane!.Pool.Dispatch(now);
    }

    private void Expire(Reservation reservation, Instant now) => Settle(
        reservation, new(reservation.Documented with { Concurrent = 0 }, reservation.Consumer with { Concurrent = 0 }), now);
}
