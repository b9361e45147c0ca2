using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>
/// Deployments that calls compete for, directly or over a shared account, and the lanes that lead to them. Classes go before one another,
/// tenants within a class by the service they have had, a tenant's users in turn. A call ahead that does not fit yet lays claim to the
/// deployment that will have room for it first; those behind may use the others.
/// </summary>
internal sealed class Pool
{
    /// <summary>How many classes there are.</summary>
    public const int Classes = 3;

    private const double LeastWeight = 0.01;
    private const int Many = 8;
    private readonly Func<Call, Instant, bool> admit;
    private readonly Func<int, bool> isWaiting;
    private readonly Func<int, Flow?> least;
    private readonly double[] present = new double[Classes];
    private readonly ClassFloors classFloors;
    private readonly Instant[] arrivals = new Instant[Many];
    private readonly PriorityQueue<Flow, long> heldUp = new();
    private readonly List<(Flow Flow, Call Call)> stalled = [];
    private readonly int[] stalledFlows = new int[Classes];
    private bool isWeighed;
    private bool hasServedPastClaims;
    private long pass;
    private int nextArrival;

    /// <summary>A pool with nothing in it.</summary>
    /// <param name="index">Its number among the pools.</param>
    /// <param name="floors">The classes' floors.</param>
    /// <param name="admit">Lets a call out whose place is set, or refuses it where the place is -1; true where it went out.</param>
    public Pool(int index, IReadOnlyList<double> floors, Func<Call, Instant, bool> admit)
    {
        Index = index;
        this.admit = admit;
        isWaiting = IsWaiting;
        least = Least;
        classFloors = new(floors);
    }

    /// <summary>Its number among the pools.</summary>
    public int Index { get; }

    public List<Lane> Lanes { get; } = [];

    public int Waiting { get; private set; }

    /// <summary>When a call will next fit; <see cref="Instant.Unknown"/> where that takes a settlement or a new call.</summary>
    public Instant NextWake { get; private set; } = Instant.Unknown;

    /// <summary>The service of whoever was served last in a class: where those that come back from idling begin.</summary>
    public double Present(int priority) => present[priority];

    /// <summary>What comes and is served here.</summary>
    public ClassTraffic Traffic { get; } = new();

    /// <summary>Whether a class may go before higher ones, by its floor.</summary>
    public bool IsOwed(Priority priority) => classFloors.IsOwed((int)priority);

    /// <summary>Whether a call that fits a place may go there now, or what is booked has to go before it.</summary>
    public Func<Call, Instant, bool> MayGo { get; set; } = (_, _) => true;

    /// <summary>A call has arrived for the first time, its cost is known.</summary>
    public void Arrive(Call call, Instant now)
    {
        Traffic.Arrive(call.Priority, call.Cost, now);
        arrivals[nextArrival] = now;
        nextArrival = (nextArrival + 1) % Many;
    }

    /// <summary>Those of its calls that are likely to be refused, once it is known who else comes.</summary>
    public Crowd Crowd { get; } = new();

    /// <summary>Whether many have arrived since an instant.</summary>
    public bool IsCrowded(Instant since) => arrivals[nextArrival] >= since;

    public void Enqueue(Lane lane, Call call)
    {
        lane.Enqueue(call, call.Clock!, present[(int)call.Priority]);
        Waiting++;
    }

    public void Remove(Lane lane, Call call)
    {
        lane.Remove(call);
        Waiting--;
    }

    /// <summary>Counts a call's service, whether it waited or not.</summary>
    public void Count(Call call, Instant now)
    {
        var clock = call.Clock!;
        var priority = (int)call.Priority;
        if (clock.Flows.Count == 0)
        {
            clock.Lift(present[priority]);
        }

        present[priority] = Math.Max(present[priority], clock.Value);
        clock.Add(call.Cost);
        Traffic.Serve(call.Priority, call.Cost, call.Lane!.Places.Length, now);
        if (Waiting > 0)
        {
            classFloors.Count(priority, call.Cost, isWaiting);
        }
    }

    /// <summary>Corrects a call's service to what it came to.</summary>
    public static void Correct(Call call, double cost)
    {
        if (cost != call.Cost)
        {
            call.Clock!.Add(cost - call.Cost);
        }
    }

    /// <summary>
    /// Divides what is here as meant instead of by the tenants' own weights: in each class the weights of those named become their parts of
    /// the sum of their own weights. With nothing meant the own weights are back in force.
    /// </summary>
    /// <param name="meant">How much of the capacity here each tenant is to have in each class, in any unit.</param>
    /// <param name="tenants">All tenants.</param>
    public void Weigh(IReadOnlyDictionary<(string Tenant, Priority Priority), double> meant, TenantTable tenants)
    {
        if (meant.Count == 0 && !isWeighed)
        {
            return;
        }

        isWeighed = meant.Count > 0;
        for (var priority = 0; priority < Classes; priority++)
        {
            var named = tenants.All.Where(tenant => meant.ContainsKey((tenant.Id, (Priority)priority))).ToArray();
            var scale = named.Sum(tenant => tenant.Weight) / Math.Max(double.Epsilon, named.Sum(tenant => meant[(tenant.Id, (Priority)priority)]));
            foreach (var tenant in tenants.All)
            {
                var own = meant.TryGetValue((tenant.Id, (Priority)priority), out var part)
                    ? Math.Max(tenant.Weight * LeastWeight, part * scale)
                    : (double?)null;
                tenant.ClockOf(this, (Priority)priority).Weigh(own);
            }
        }
    }

    /// <summary>Forgets the claims of the pass before.</summary>
    public void BeginPass() => pass++;

    /// <summary>Lets out everything that fits, in order.</summary>
    public void Dispatch(Instant now)
    {
        NextWake = Instant.Unknown;
        while (heldUp.TryPeek(out var due, out var ticks) && ticks <= now.Ticks)
        {
            heldUp.Dequeue();
            due.WakesAt = Instant.Unknown;
            due.Lane.Resume(due);
        }

        while (Pass(now))
        {
        }

        if (heldUp.TryPeek(out _, out var next))
        {
            NextWake = Instant.Min(NextWake, new(next));
        }
    }

    /// <summary>
    /// The place that can serve a call now; -1 where none can, and then when, and which, will first. Why that place is left with the call.
    /// </summary>
    public int FindPlace(Lane lane, Call call, Instant now, out Instant first, out int firstPlace)
    {
        var search = new PlaceSearch(lane, call, pass, now);
        var place = search.Find();
        (first, firstPlace, call.Choice) = (search.First, search.FirstPlace, search.Choice);
        return place;
    }

    // True where another pass is due: a call that laid claim has since lost its own room to another of its tenant's, and its claim with it.
    private bool Pass(Instant now)
    {
        BeginPass();
        var wakeBefore = NextWake;
        hasServedPastClaims = false;
        while (Waiting > 0 && classFloors.First(least) is { } flow)
        {
            Serve(flow, now);
        }

        var isVoid = false;
        foreach (var (flow, call) in stalled)
        {
            if (flow.Count > 0 && !flow.IsHeldUp && flow.HeapIndex < 0)
            {
                flow.Lane.Ready(flow.Priority).Add(flow);
                isVoid |= hasServedPastClaims && flow.Next(now, out _) != call;
            }
        }

        stalled.Clear();
        Array.Clear(stalledFlows);
        NextWake = isVoid ? wakeBefore : NextWake;
        return isVoid;
    }

    private void Serve(Flow flow, Instant now)
    {
        var lane = flow.Lane;
        if (flow.Next(now, out var lookAgain) is not { } call)
        {
            lane.HoldUp(flow);
            flow.Tenant.HeldUp.Add(flow);
            if (lookAgain < flow.WakesAt)
            {
                flow.WakesAt = lookAgain;
                heldUp.Enqueue(flow, lookAgain.Ticks);
            }

            return;
        }

        var place = FindPlace(lane, call, now, out var first, out var firstPlace);
        if (place < 0 && firstPlace >= 0 && first != Instant.Never)
        {
            lane.Places[firstPlace].ClaimedInPass = pass;
            NextWake = Instant.Min(NextWake, first);
            Stall(flow, call);
            return;
        }

        // Where it could go, calls ahead have laid claim.
        if (place < 0 && CallRoom.NeverFits(call, now) is null)
        {
            Stall(flow, call);
            return;
        }

        if (place >= 0)
        {
            call.Place = place;
            if (!MayGo(call, now))
            {
                Stall(flow, call);
                return;
            }
        }

        var queue = call.Queue!;
        Remove(lane, call);
        call.Place = place;
        hasServedPastClaims |= stalled.Count > 0;
        if (admit(call, now))
        {
            flow.PassTurn(queue);
        }
    }

    private void Stall(Flow flow, Call call)
    {
        flow.Lane.Ready(flow.Priority).Remove(flow);
        stalled.Add((flow, call));
        stalledFlows[flow.Priority]++;
    }

    private Flow? Least(int priority)
    {
        Flow? least = null;
        foreach (var lane in Lanes)
        {
            var ready = lane.Ready(priority);
            if (ready.Count > 0 && (least is null || ready.Least.Clock.Value < least.Clock.Value) && HasUnclaimed(lane))
            {
                least = ready.Least;
            }
        }

        return least;
    }

    private bool HasUnclaimed(Lane lane)
    {
        foreach (var place in lane.Places)
        {
            if (place.ClaimedInPass != pass)
            {
                return true;
            }
        }

        return false;
    }

    private bool IsWaiting(int priority)
    {
        if (stalledFlows[priority] > 0)
        {
            return true;
        }

        foreach (var lane in Lanes)
        {
            if (lane.Ready(priority).Count > 0)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Calls of one pool that are likely to be refused, once those are known who come at the same time.</summary>
internal sealed class Crowd
{
    private readonly List<Call> _undecided = [];

    /// <summary>One more of them.</summary>
    public void Add(Call call)
    {
        // Those before it may have gone out, or been given up.
        if (_undecided.Count > 0 && !IsUndecided(_undecided[0]))
        {
            _undecided.RemoveAll(static one => !IsUndecided(one));
        }

        _undecided.Add(call);
        call.IsUndecided = true;
    }

    /// <summary>Takes out the calls that are to be decided on, in the order in which they came.</summary>
    public List<Call> Take()
    {
        // One that was given up and handed in again stands here twice.
        var crowd = _undecided.Where(IsUndecided).Distinct().ToList();
        _undecided.Clear();
        return crowd;
    }

    private static bool IsUndecided(Call call) => call is { State: CallState.Waiting, IsUndecided: true };
}
