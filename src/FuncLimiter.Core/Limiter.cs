using System.Numerics;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core;

/// <summary>
/// All budgets and queues of one process. Not thread-safe, keeps no clock: a host calls it under one lock with the time, arms one timer
/// for <see cref="NextWake"/>, and carries out what <see cref="TryTakeReleased"/> hands out.
/// </summary>
public sealed class Limiter
{
    private readonly LimiterSpec spec;
    private readonly Topology topology;
    private readonly TenantTable tenants;
    private readonly Dictionary<(Lane, int), ReturnPromises> promises = [];
    private readonly PriorityQueue<(Call Call, long Generation), long> deadlines = new();
    private readonly PriorityQueue<(Call Call, long Generation), long> expiries = new();
    private readonly Queue<Call> released = new();
    private readonly Checkpoints checkpoints;
    private readonly TimeSpan[] maxWait;
    private readonly double[] floors;
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
        this.spec = spec;
        maxWait = [.. spec.Queue.MaxWait];
        floors = [.. spec.Queue.Floor];
        topology = new(spec, Decide);
        checkpoints = new(spec.IsDurable, topology.Budgets);
        Leases = spec.Leases is { } terms ? new(terms) : null;
        tenants = new(spec, Keep);
        LeaseTopology();
    }

    /// <summary>Leases the budgets from their owners; null where they are owned here.</summary>
    public LeaseDesk? Leases { get; }

    /// <summary>How many calls wait.</summary>
    public int Waiting => waiting;

    /// <summary>True where a call waits only for the next checkpoint of the durable state.</summary>
    public bool NeedsCheckpoint => waiting > 0 && checkpoints.AreWaitedFor(Durable());

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

            next = deadlines.TryPeek(out _, out var deadline) ? Instant.Min(next, new(deadline)) : next;
            return expiries.TryPeek(out _, out var expiry) ? Instant.Min(next, new(expiry)) : next;
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
        if (pool.Waiting == 0)
        {
            pool.BeginPass();
            if (HasOwnRoom(call, now) && pool.FindPlace(lane, call, now, out _, out _) is >= 0 and var place)
            {
                call.Place = place;
                return Admit(call, now);
            }
        }

        if (NeverFits(call, lane, now) is { } never)
        {
            return Refuse(call, never);
        }

        Price(call, lane);

        // What came back at the time told, or is let out at once, needs no forecast.
        var returned = PromisesOf(call).Redeem(call.Owner!, now);
        var forecast = WaitForecast.Of(lane, call, FloorOf(call), returned ? 0 : PromisesOf(call).Work, now);
        pool.Enqueue(lane, call);
        waiting++;
        submitting = call;
        pool.Dispatch(now);
        submitting = null;
        if (call.State != CallState.Waiting)
        {
            return call.State;
        }

        var isFull = waiting > spec.Queue.MaxWaiting || !returned && waiting + PromisesOf(call).Count > spec.Queue.MaxWaiting;
        if (isFull || !returned && now + forecast > call.Deadline)
        {
            var refusal = TurnAway(call, isFull, forecast, now);
            Withdraw(call);
            return Refuse(call, refusal);
        }

        CountWaiting(call, 1);
        deadlines.Enqueue((call, call.Generation), call.Deadline.Ticks);
        return CallState.Waiting;
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
        CountWaiting(call, -1);
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
        deployment.Observe(observation, reservation, now);
        call.Lane!.Pool.Dispatch(now);
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
        deployment.Settle(reservation.Provider, settlement.Provider, reservation.TakenAt, now);
        tenant.Budget.Settle(reservation.Consumer, settlement.Consumer, reservation.TakenAt, now);
        if (call.OwnerUser is { } user)
        {
            user.Budget.Settle(reservation.Consumer, settlement.Consumer, reservation.TakenAt, now);
            user.Calls--;
        }

        call.State = CallState.Idle;
        Pool.Correct(call, deployment.Cost(settlement.Provider));
        if (waiting > 0)
        {
            Release(tenant, call.Lane!.Pool, now);
        }
    }

    /// <summary>Lets time pass: what fits now goes out, what has waited too long is refused, reservations that nobody settled count as spent.</summary>
    public void Advance(Instant now)
    {
        now = Clock(now);
        while (expiries.TryPeek(out var expiring, out var expiry) && expiry <= now.Ticks)
        {
            expiries.Dequeue();
            Expire(expiring.Call, expiring.Generation, now);
        }

        foreach (var pool in topology.Pools)
        {
            if (pool.Waiting > 0)
            {
                pool.Dispatch(now);
            }
        }

        while (deadlines.TryPeek(out var due, out var deadline) && deadline <= now.Ticks)
        {
            deadlines.Dequeue();
            if (due.Call.Generation == due.Generation && due.Call.State == CallState.Waiting)
            {
                var forecast = WaitForecast.Of(due.Call.Lane!, due.Call, FloorOf(due.Call), PromisesOf(due.Call).Work, now);
                var refusal = TurnAway(due.Call, isFull: false, forecast, now);
                CountWaiting(due.Call, -1);
                Withdraw(due.Call);
                Refuse(due.Call, refusal);
                released.Enqueue(due.Call);
            }
        }
    }

    /// <summary>Hands out, one by one, calls that waited and now are admitted or refused.</summary>
    public bool TryTakeReleased(out Call call) => released.TryDequeue(out call!);

    /// <summary>When such a call would be let out if it were handed in now; nothing is changed.</summary>
    public Instant Foresee(Call call, Instant now)
    {
        now = Clock(now);
        var lane = Prepare(call, now);
        Price(call, lane);
        call.State = CallState.Idle;
        if (NeverFits(call, lane, now) is not null)
        {
            return Instant.Never;
        }

        lane.Pool.BeginPass();
        var place = lane.Pool.FindPlace(lane, call, now, out var first, out _);
        var alone = place >= 0 ? now : first.IsKnown ? first : now;
        return Instant.Max(alone, lane.Pool.Waiting == 0 && place >= 0
            ? now
            : now + WaitForecast.Of(lane, call, FloorOf(call), PromisesOf(call).Work, now));
    }

    /// <summary>Closes a deployment (<c>account/model</c>) or an account until an instant, or opens it where that has passed. False where there is none.</summary>
    public bool CoolDown(string scope, Instant until, Instant now)
    {
        now = Clock(now);
        var budget = topology.Budgets.FirstOrDefault(budget => budget.Name == $"account:{scope}" || budget.Name == $"deployment:{scope}");
        if (budget is null)
        {
            return false;
        }

        if (until <= now)
        {
            budget.EndCooldown();
            Advance(now);
        }
        else
        {
            budget.CoolDown(until, now);
        }

        budget.Lease?.Hear(new(null, now, until));
        return true;
    }

    /// <summary>Takes up an owner's answer: what it lends may go out.</summary>
    public void Apply(BudgetLease answer, Instant now)
    {
        now = Clock(now);
        Leases!.Apply(answer, now);
        Durable().FirstOrDefault(budget => budget.Name == answer.Budget)?.FollowOwner(answer.CooldownUntil, now);
        foreach (var pool in topology.Pools)
        {
            pool.Weigh(Leases.Meant(pool), tenants);
        }

        foreach (var tenant in tenants.All)
        {
            Pool.Release(tenant);
        }

        Advance(now);
    }

    /// <summary>Begins a checkpoint: the states to keep of every budget that changed. To be kept whole, then confirmed; one at a time.</summary>
    public IReadOnlyList<BudgetState> BeginCheckpoint(Instant now) => checkpoints.Begin(Durable(), Clock(now));

    /// <summary>The states of the last <see cref="BeginCheckpoint"/> are kept: what they allow may go out.</summary>
    public void ConfirmCheckpoint(Instant now)
    {
        now = Clock(now);
        checkpoints.Confirm();
        foreach (var tenant in tenants.All)
        {
            Pool.Release(tenant);
        }

        Advance(now);
    }

    /// <summary>Takes on the states kept by an earlier process, before the first call.</summary>
    public void Restore(IEnumerable<BudgetState> states, Instant now)
    {
        now = Clock(now);
        foreach (var state in states)
        {
            if (state.Name.StartsWith("tenant:", StringComparison.Ordinal))
            {
                tenants.Find(state.Name["tenant:".Length..]);
            }

            Durable().FirstOrDefault(budget => budget.Name == state.Name)?.Restore(state, now);
        }
    }

    /// <summary>The state of everything.</summary>
    public LimiterReport Report(Instant now)
    {
        now = Clock(now);
        var budgets = topology.Budgets
            .Concat(tenants.All.Select(tenant => tenant.Budget))
            .Concat(tenants.All.SelectMany(tenant => tenant.Users).Where(user => user.Budget.Utilization(now) > 0).Take(1000).Select(user => user.Budget))
            .Where(budget => budget.Meters.Count > 0 || budget.CooldownUntil > now)
            .Select(budget => budget.Report(now));
        var queues = topology.Lanes.SelectMany(lane => Enum.GetValues<Priority>()
            .SelectMany(priority => lane.Backlogged((int)priority).Select(flow => new QueueReport(
                lane.Route, flow.Tenant.Id, priority, flow.Count, (now - (flow.Oldest?.SubmittedAt ?? now)).TotalSeconds))));
        return new(now, [.. budgets], [.. queues], waiting, admitted, refused, rateLimited);
    }

    /// <summary>The tightest of the budgets that hold a reservation, for the caller's rate-limit headers.</summary>
    public BudgetReport? Tightest(Reservation reservation, Instant now)
    {
        now = Clock(now);
        if (reservation.Call is not { Deployment: { } deployment, Owner: { } tenant } call)
        {
            return null;
        }

        var tightest = deployment.Own;
        ReadOnlySpan<Budget?> others = [deployment.Account, tenant.Budget, call.OwnerUser?.Budget];
        foreach (var budget in others)
        {
            if (budget is { Meters.Count: > 0 } && (tightest.Meters.Count == 0 || budget.Utilization(now) > tightest.Utilization(now)))
            {
                tightest = budget;
            }
        }

        return tightest.Meters.Count > 0 ? tightest.Report(now) : null;
    }

    private void Keep(Budget budget)
    {
        checkpoints.Keep(budget);
        Leases?.Lease(budget, budget.Name, null);
    }

    private void LeaseTopology()
    {
        if (Leases is null)
        {
            return;
        }

        foreach (var deployment in topology.Deployments)
        {
            Leases.Lease(deployment.Own, deployment.Account.Name, deployment.Pool);
        }

        foreach (var deployment in topology.Deployments.DistinctBy(deployment => deployment.Account))
        {
            Leases.Lease(deployment.Account, deployment.Account.Name, deployment.Pool);
        }
    }

    private void CountWaiting(Call call, int sign)
    {
        if (Leases is not null)
        {
            LeaseDesk.Wait(call, sign);
        }
    }

    private Instant Clock(Instant now) => latest = Instant.Max(latest, now);

    private IEnumerable<Budget> Durable() => topology.Budgets.Concat(tenants.All.Select(tenant => tenant.Budget));

    private double FloorOf(Call call) => floors[(int)call.Priority];

    private Lane Prepare(Call call, Instant now)
    {
        var lane = topology.Find(call.Route) ?? throw new ArgumentException($"There is no route '{call.Route}'.", nameof(call));
        if (call.Provider.Length != lane.Places.Length)
        {
            throw new ArgumentException($"Route '{call.Route}' has {lane.Places.Length} places, the call {call.Provider.Length} charges.", nameof(call));
        }

        if (call.State is CallState.Waiting or CallState.Admitted)
        {
            throw new ArgumentException("The call is under way already.", nameof(call));
        }

        var owner = tenants.Find(call.Tenant);
        call.Lane = lane;
        call.Owner = owner;
        call.OwnerUser = owner.Find(call.User, now);
        call.Clock = owner.ClockOf(lane.Pool, call.Priority);
        call.State = CallState.Waiting;
        call.Place = -1;
        call.Refusal = null;
        call.Generation = ++generation;
        call.SubmittedAt = now;
        var bound = maxWait[(int)call.Priority];
        call.Deadline = now + (call.MaxWait is { } own && own < bound ? own : bound);
        return lane;
    }

    // What a call that must wait adds to the work ahead of others.
    private static void Price(Call call, Lane lane)
    {
        var first = Math.Min(lane.Places.Length - 1, BitOperations.TrailingZeroCount(~call.Excluded));
        call.Cost = lane.Places[first].Cost(call.Provider[first]);
        call.TenantCost = call.Owner!.Budget.Cost(call.Consumer);
        call.UserCost = call.OwnerUser?.Budget.Cost(call.Consumer) ?? 0;
    }

    private static Refusal? NeverFits(Call call, Lane lane, Instant now)
    {
        if (call.Owner!.Budget.FitsAt(call.Consumer, now) == Instant.Never)
        {
            return new(RefusalReason.TooLarge, call.Owner.Budget.Name, Instant.Never);
        }

        if (call.OwnerUser?.Budget is { } user && user.FitsAt(call.Consumer, now) == Instant.Never)
        {
            return new(RefusalReason.TooLarge, user.Name, Instant.Never);
        }

        Budget? tooSmall = null;
        for (var i = 0; i < lane.Places.Length; i++)
        {
            if ((call.Excluded >> i & 1) != 0)
            {
                continue;
            }

            if (lane.Places[i].FitsAt(call.Provider[i], now) != Instant.Never)
            {
                return null;
            }

            tooSmall ??= lane.Places[i].Own.FitsAt(call.Provider[i], now) == Instant.Never ? lane.Places[i].Own : lane.Places[i].Account;
        }

        return tooSmall is null
            ? new(RefusalReason.NoDeployment, $"route:{lane.Route}", Instant.Never)
            : new(RefusalReason.TooLarge, tooSmall.Name, Instant.Never);
    }

    private static bool HasOwnRoom(Call call, Instant now) =>
        call.Owner!.Budget.FitsAt(call.Consumer, now) <= now && (call.OwnerUser is not { } user || user.Budget.FitsAt(call.Consumer, now) <= now);

    // What the pool calls for a call whose turn it is.
    private bool Decide(Call call, Instant now)
    {
        waiting--;
        if (call.Place < 0)
        {
            Refuse(call, NeverFits(call, call.Lane!, now) ?? new(RefusalReason.NoDeployment, $"route:{call.Route}", Instant.Never));
        }
        else
        {
            Admit(call, now);
        }

        if (call != submitting)
        {
            CountWaiting(call, -1);
            released.Enqueue(call);
        }

        return call.State == CallState.Admitted;
    }

    private CallState Admit(Call call, Instant now)
    {
        var deployment = call.Lane!.Places[call.Place];
        var charge = call.Provider[call.Place];
        deployment.Take(charge, now);
        call.Owner!.Budget.Take(call.Consumer, now);
        if (call.OwnerUser is { } user)
        {
            user.Budget.Take(call.Consumer, now);
            user.Calls++;
        }

        call.Deployment = deployment;
        call.Cost = deployment.Cost(charge);
        call.Lane.Pool.Count(call, now);
        var reservation = call.Reservation;
        reservation.Call = call;
        reservation.IsSettled = false;
        reservation.TakenAt = now;
        reservation.AccountMark = deployment.Account.Taken;
        reservation.DeploymentMark = deployment.Own.Taken;
        if (call.ExpiresAfter is { } expiresAfter)
        {
            expiries.Enqueue((call, call.Generation), (now + expiresAfter).Ticks);
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

    private void Withdraw(Call call)
    {
        call.Lane!.Pool.Remove(call.Lane, call);
        waiting--;

        // Deadlines of calls that are gone are dropped when they make up most of the heap.
        if (deadlines.Count > 1024 + (4 * waiting))
        {
            var live = deadlines.UnorderedItems
                .Where(item => item.Element.Call.Generation == item.Element.Generation && item.Element.Call.State == CallState.Waiting)
                .ToArray();
            deadlines.Clear();
            deadlines.EnqueueRange(live);
        }
    }

    private ReturnPromises PromisesOf(Call call)
    {
        var key = (call.Lane!, (int)call.Priority);
        if (!promises.TryGetValue(key, out var kept))
        {
            promises.Add(key, kept = new());
        }

        return kept;
    }

    private Refusal TurnAway(Call call, bool isFull, TimeSpan forecast, Instant now)
    {
        var lane = call.Lane!;
        var bound = (call.Deadline - call.SubmittedAt) * 0.9;
        var earliest = now + (isFull ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Max(0, (forecast - bound).Ticks)));
        var drain = WaitForecast.Drain(lane, (int)call.Priority, FloorOf(call), now);
        var at = PromisesOf(call).Give(call.Owner!, call.Cost, drain, earliest, now);
        return new(isFull ? RefusalReason.QueueFull : RefusalReason.WouldWaitTooLong, BindingName(call, now), at);
    }

    private static string BindingName(Call call, Instant now)
    {
        if (call.Owner!.Budget.FitsAt(call.Consumer, now) > now)
        {
            return call.Owner.Budget.Name;
        }

        if (call.OwnerUser?.Budget is { } user && user.FitsAt(call.Consumer, now) > now)
        {
            return user.Name;
        }

        var place = call.Lane!.Places[0];
        return place.Account.FitsAt(call.Provider[0], now) > place.Own.FitsAt(call.Provider[0], now) ? place.Account.Name : place.Own.Name;
    }

    private void Release(Tenant tenant, Pool pool, Instant now)
    {
        if (tenant.WaitingForSettlement.Count > 0)
        {
            Pool.Release(tenant);
            foreach (var other in topology.Pools)
            {
                if (other != pool && other.Waiting > 0)
                {
                    other.Dispatch(now);
                }
            }
        }

        pool.Dispatch(now);
    }

    private void Expire(Call call, long ofGeneration, Instant now)
    {
        if (call.Generation == ofGeneration && call.State == CallState.Admitted)
        {
            var reservation = call.Reservation;
            Settle(
                reservation,
                new(reservation.Provider with { Concurrent = 0 }, reservation.Consumer with { Concurrent = 0 }),
                now);
        }
    }
}
