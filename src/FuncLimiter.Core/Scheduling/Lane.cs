using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>What waits for one route: a fair queue of tenants for each class.</summary>
internal sealed class Lane
{
    private readonly FlowHeap[] ready = [new(), new(), new()];
    private readonly Dictionary<Tenant, Flow>[] flows = [[], [], []];
    private readonly WorkAhead[] waiting = new WorkAhead[3];
    private readonly double[] weight = new double[3];

    /// <summary>A lane in which nothing waits.</summary>
    /// <param name="route">The route.</param>
    /// <param name="places">Targets, fallbacks, smaller models.</param>
    /// <param name="pressure">When what may be diverted is.</param>
    public Lane(RouteSpec route, BudgetedDeployment[] places, PressurePolicy pressure)
    {
        Route = route.Name;
        Places = places;
        Targets = route.Targets.Count;
        Smaller = Targets + route.Fallback.Count;
        Pressure = Smaller < places.Length ? new(pressure) : null;
        Affinity = Targets > 1 ? new() : null;
    }

    public string Route { get; }

    /// <summary>The deployments that may serve it: targets, then fallbacks, then smaller models.</summary>
    public BudgetedDeployment[] Places { get; }

    /// <summary>How many of the places are targets.</summary>
    public int Targets { get; }

    /// <summary>Where the smaller models begin among the places.</summary>
    public int Smaller { get; }

    /// <summary>Whether its targets are under pressure; null where nothing can be diverted.</summary>
    public RoutePressure? Pressure { get; }

    /// <summary>Which of its targets have which prompts cached; null where there is one only.</summary>
    public PrefixAffinity? Affinity { get; }

    public Pool Pool { get; set; } = null!;

    /// <summary>The lanes whose calls need what this one's do, itself among them.</summary>
    public IReadOnlyList<Lane> Rivals { get; set; } = [];

    public FlowHeap Ready(int priority) => ready[priority];

    /// <summary>What waits in a class.</summary>
    public ref readonly WorkAhead Waiting(int priority) => ref waiting[priority];

    /// <summary>The weights of the tenants waiting in a class, added up.</summary>
    public double WaitingWeight(int priority) => weight[priority];

    public IEnumerable<Flow> Backlogged(int priority) => flows[priority].Values;

    public Flow? Find(Tenant tenant, int priority) => flows[priority].GetValueOrDefault(tenant);

    public void Enqueue(Call call, ServiceClock clock, double present)
    {
        var priority = (int)call.Priority;
        if (!flows[priority].TryGetValue(clock.Tenant, out var flow))
        {
            flow = new Flow(this, clock, priority);
            flows[priority].Add(clock.Tenant, flow);
            clock.Flows.Add(flow);
        }

        flow.Enqueue(call);
        waiting[priority].Add(call.Cost, call.Load);
        if (!flow.IsBacklogged)
        {
            clock.Begin(flow, present);
            weight[priority] += clock.Tenant.Weight;
            ready[priority].Add(flow);
        }
        else if (flow.IsHeldUp)
        {
            // The newcomer may be of a user who has room.
            Resume(flow);
        }
    }

    public void Remove(Call call)
    {
        var queue = call.Queue!;
        var flow = queue.Flow;
        flow.Remove(call);
        waiting[flow.Priority].Remove(call.Cost, call.Load);
        if (flow.Count > 0)
        {
            // The call behind it may be small enough.
            flow.Resume(queue);
            Resume(flow);
            return;
        }

        if (flow.HeapIndex >= 0)
        {
            ready[flow.Priority].Remove(flow);
        }

        flow.IsHeldUp = false;
        flow.Tenant.HeldUp.Remove(flow);
        flow.Clock.End(flow);
        flow.Clock.Flows.Remove(flow);
        flows[flow.Priority].Remove(flow.Tenant);
        weight[flow.Priority] = flows[flow.Priority].Count == 0 ? 0 : weight[flow.Priority] - flow.Tenant.Weight;
    }

    /// <summary>The weight of a tenant that waits is another by a difference.</summary>
    public void Reweigh(Flow flow, double difference) => weight[flow.Priority] += difference;

    public void HoldUp(Flow flow)
    {
        flow.IsHeldUp = true;
        ready[flow.Priority].Remove(flow);
    }

    public void Resume(Flow flow)
    {
        if (flow.IsHeldUp && flow.Count > 0)
        {
            flow.IsHeldUp = false;
            flow.Clock.End(flow);
            flow.Clock.Begin(flow, Pool.Present(flow.Priority));
            ready[flow.Priority].Add(flow);
        }
    }

    public void Reorder(Flow flow)
    {
        if (flow.HeapIndex >= 0)
        {
            ready[flow.Priority].Move(flow);
        }
    }
}

/// <summary>Flows by the service their tenants have had, the least first. Every flow knows its place, so any can move or leave in O(log n).</summary>
internal sealed class FlowHeap
{
    private Flow[] flows = new Flow[8];

    public int Count { get; private set; }

    public Flow Least => flows[0];

    public void Add(Flow flow)
    {
        if (Count == flows.Length)
        {
            Array.Resize(ref flows, Count * 2);
        }

        flow.HeapIndex = Count;
        flows[Count++] = flow;
        Rise(flow.HeapIndex);
    }

    public void Remove(Flow flow)
    {
        var index = flow.HeapIndex;
        flow.HeapIndex = -1;
        var last = flows[--Count];
        flows[Count] = null!;
        if (last != flow)
        {
            flows[index] = last;
            last.HeapIndex = index;
            Move(last);
        }
    }

    public void Move(Flow flow)
    {
        Rise(flow.HeapIndex);
        Sink(flow.HeapIndex);
    }

    private void Rise(int index)
    {
        var flow = flows[index];
        while (index > 0 && flow.Clock.Value < flows[(index - 1) / 2].Clock.Value)
        {
            index = Put(flows[(index - 1) / 2], index, (index - 1) / 2);
        }

        Put(flow, index, index);
    }

    private void Sink(int index)
    {
        var flow = flows[index];
        for (var child = (index * 2) + 1; child < Count; child = (index * 2) + 1)
        {
            if (child + 1 < Count && flows[child + 1].Clock.Value < flows[child].Clock.Value)
            {
                child++;
            }

            if (flows[child].Clock.Value >= flow.Clock.Value)
            {
                break;
            }

            index = Put(flows[child], index, child);
        }

        Put(flow, index, index);
    }

    private int Put(Flow flow, int index, int next)
    {
        flows[index] = flow;
        flow.HeapIndex = index;
        return next;
    }
}

/// <summary>Whether a route is under pressure. It begins at once and ends only after a calm while, so that no call goes back and forth.</summary>
internal sealed class RoutePressure(PressurePolicy policy)
{
    private Instant calmSince = Instant.Unknown;

    /// <summary>Whether it was under pressure when it was last looked at.</summary>
    public bool IsOn { get; private set; }

    /// <summary>Looks at the share in use of the target with the most headroom.</summary>
    public bool Look(double use, Instant now)
    {
        if (use >= policy.BeginsAt)
        {
            (IsOn, calmSince) = (true, Instant.Unknown);
        }
        else if (use >= policy.EndsBelow)
        {
            calmSince = Instant.Unknown;
        }
        else if (IsOn)
        {
            calmSince = Instant.Min(calmSince, now);
            IsOn = now - calmSince < policy.Calm;
        }

        return IsOn;
    }
}
