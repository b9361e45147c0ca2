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
