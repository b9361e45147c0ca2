using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>
/// How much service a tenant has had in one class of one pool, by weight: seconds of capacity. The tenant with the least goes next. After
/// idling it starts at the class's present, so that idling neither saves up credit nor loses any.
/// </summary>
internal sealed class ServiceClock(Tenant tenant)
{
    private double share = 1 / tenant.Weight;
    private int waitingFlows;

    public Tenant Tenant { get; } = tenant;

    public double Value { get; private set; }

    /// <summary>The tenant's flows in this class, one a lane.</summary>
    public List<Flow> Flows { get; } = [];

    /// <summary>From now on goes by another weight than the tenant's own; null for that again.</summary>
    public void Weigh(double? weight) => share = 1 / (weight ?? Tenant.Weight);

    /// <summary>The tenant's own weight becomes another.</summary>
    /// <param name="weight">The new one.</param>
    /// <param name="difference">By how much it is more than the old one.</param>
    public void Reweigh(double weight, double difference)
    {
        share = 1 / weight;
        foreach (var flow in Flows)
        {
            flow.Lane.Reweigh(flow, difference);
        }
    }

    /// <summary>Whoever has nothing waiting comes back to the class's present.</summary>
    public void Lift(double present)
    {
        if (waitingFlows == 0)
        {
            Value = Math.Max(Value, present);
        }
    }

    public void Begin(Flow flow, double present)
    {
        Lift(present);
        waitingFlows++;
        flow.IsBacklogged = true;
    }

    public void End(Flow flow)
    {
        waitingFlows--;
        flow.IsBacklogged = false;
    }

    /// <summary>By how much service of a cost brings it on.</summary>
    public double Of(double cost) => cost * share;

    /// <summary>Counts service, or takes it back where a call came to less than foreseen.</summary>
    public void Add(double cost)
    {
        Value += cost * share;
        for (var i = 0; i < Flows.Count; i++)
        {
            Flows[i].Lane.Reorder(Flows[i]);
        }
    }
}

/// <summary>Work per second as far as it can be counted on: what has come for a while will go on to, what came in one burst will not.</summary>
/// <param name="memory">After how long what came counts for little.</param>
internal sealed class ServiceRate(TimeSpan memory)
{
    private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(50);
    private double amount;
    private Instant at;

    public void Add(double cost, Instant now)
    {
        Fade(now);
        amount += cost;
    }

    public double PerSecond(Instant now)
    {
        Fade(now);
        return amount / memory.TotalSeconds;
    }

    private void Fade(Instant now)
    {
        var elapsed = now - at;
        if (elapsed > Grain)
        {
            amount *= Math.Exp(-elapsed / memory);
            at = now;
        }
    }
}

/// <summary>
/// How much work of each class arrives a second for the first time, also what is then refused, and how much is served: under overload that is
/// what those of lower classes must reckon with.
/// </summary>
internal sealed class ClassTraffic
{
    /// <summary>After a crowd of a higher class some more of it come, by experience: the part of the capacity that is left to them.</summary>
    public const double MoreToCome = 0.3;
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(30);
    private readonly ServiceRate[] arrived = [new(Lasting), new(Lasting), new(Lasting)];
    private readonly ServiceRate[] served = [new(Lasting), new(Lasting), new(Lasting)];
    private readonly double[] credit = new double[Pool.Classes];
    private readonly Instant[] creditedAt = new Instant[Pool.Classes];

    /// <summary>A call has arrived for the first time.</summary>
    public void Arrive(Priority priority, double cost, Instant now) => arrived[(int)priority].Add(cost, now);

    /// <summary>A call goes out. What a budget had saved up goes out at once, and does not last: it counts no more than what is served in two seconds.</summary>
    /// <param name="priority">Its class.</param>
    /// <param name="cost">Its work in seconds.</param>
    /// <param name="capacity">How much is served in a second at most.</param>
    /// <param name="now">Now.</param>
    public void Serve(Priority priority, double cost, double capacity, Instant now)
    {
        ref var left = ref credit[(int)priority];
        left = Math.Min(2 * capacity, left + (capacity * (now - creditedAt[(int)priority]).TotalSeconds));
        creditedAt[(int)priority] = now;
        var counted = Math.Min(cost, Math.Max(0, left));
        left -= counted;
        served[(int)priority].Add(counted, now);
    }

    /// <summary>How much more of higher classes will come a second than is known yet.</summary>
    /// <param name="priority">Above which class.</param>
    /// <param name="open">How much is served of all classes a second.</param>
    /// <param name="now">Now.</param>
    public double ToComeAbove(int priority, double open, Instant now)
    {
        var (arriving, lasting) = (0.0, 0.0);
        for (var i = 0; i < priority; i++)
        {
            // A crowd that came once waits or is booked, and counts there: what was served of late keeps coming.
            var arrives = arrived[i].PerSecond(now);
            (arriving, lasting) = (arriving + arrives, lasting + Math.Min(arrives, served[i].PerSecond(now)));
        }

        return Math.Max(lasting, Math.Min(arriving, open * MoreToCome));
    }
}

/// <summary>
/// Keeps each lower class its floor: every time another class is served while it and a higher one wait it earns credit, and with credit in
/// hand it goes first, once. Its share of the service then is the floor, to within one call.
/// </summary>
/// <remarks>Worked: a floor of 5 % and calls of one second each: nineteen interactive ones go, then one background one.</remarks>
internal sealed class ClassFloors(IReadOnlyList<double> floors)
{
    private readonly double[] credit = new double[floors.Count];

    /// <summary>True where a class may go before higher ones.</summary>
    public bool IsOwed(int priority) => credit[priority] > 0;

    /// <summary>What goes first: what a lower class has that is owed, else what the highest has; null where none has anything.</summary>
    /// <param name="of">What a class has.</param>
    public T? First<T>(Func<int, T?> of)
        where T : class
    {
        for (var priority = credit.Length - 1; priority > 0; priority--)
        {
            if (IsOwed(priority) && of(priority) is { } owed)
            {
                return owed;
            }
        }

        T? first = null;
        for (var priority = 0; first is null && priority < credit.Length; priority++)
        {
            first = of(priority);
        }

        return first;
    }

    /// <summary>Counts a call that was served.</summary>
    /// <param name="served">Its class.</param>
    /// <param name="cost">Its cost.</param>
    /// <param name="isWaiting">Whether a class waits.</param>
    public void Count(int served, double cost, Func<int, bool> isWaiting)
    {
        var higherWaits = false;
        for (var i = 0; i < credit.Length; i++)
        {
            if (i == served)
            {
                credit[i] -= higherWaits ? cost : 0;
            }
            else if (!isWaiting(i))
            {
                credit[i] = Math.Min(0, credit[i]);
            }
            else if (served < i || higherWaits)
            {
                credit[i] += cost * floors[i] / (1 - floors[i]);
            }

            higherWaits |= isWaiting(i);
        }
    }
}

/// <summary>Calls in the order in which they would be served if they waited: by class and its floor, then by what their tenants have had.</summary>
internal sealed class ServiceOrder(IReadOnlyList<double> floors)
{
    private readonly Dictionary<ServiceClock, Turns>[] _classes = [.. Enumerable.Range(0, Pool.Classes).Select(static _ => new Dictionary<ServiceClock, Turns>())];
    private readonly ClassFloors _floors = new(floors);

    /// <summary>One more of them, after those of its tenant's that came before it.</summary>
    /// <param name="call">The call; not in the queue.</param>
    /// <param name="before">What its tenant has waiting or booked in its class, in seconds of capacity.</param>
    public void Add(Call call, double before)
    {
        var (clocks, clock) = (_classes[(int)call.Priority], call.Clock!);
        if (!clocks.TryGetValue(clock, out var turns))
        {
            clocks.Add(clock, turns = new() { Service = Math.Max(clock.Value, call.Lane!.Pool.Present((int)call.Priority)) + clock.Of(before) });
        }

        turns.Calls.Enqueue(call);
    }

    /// <summary>Takes out the next.</summary>
    public bool TryTakeNext(out Call call)
    {
        call = null!;
        if (_floors.First(priority => _classes[priority] is { Count: > 0 } waiting ? waiting : null) is not { } tenants)
        {
            return false;
        }

        var (clock, turns) = tenants.MinBy(static one => one.Value.Service);
        call = turns.Calls.Dequeue();
        turns.Service += clock.Of(call.Cost);
        _floors.Count((int)call.Priority, call.Cost, priority => _classes[priority].Count > 0);
        if (turns.Calls.Count == 0)
        {
            tenants.Remove(clock);
        }

        return true;
    }

    private sealed class Turns
    {
        public double Service { get; set; }

        public Queue<Call> Calls { get; } = [];
    }
}
