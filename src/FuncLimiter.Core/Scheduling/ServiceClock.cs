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
