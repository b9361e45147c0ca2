using FuncLimiter.Simulation.Virtual;
using FuncLimiter.WhatIf.Virtual;

namespace FuncLimiter.WhatIf.Planning;

/// <summary>What one deployment can take of a flow.</summary>
/// <param name="Name">The deployment.</param>
/// <param name="Meters">Its limits and its account's.</param>
/// <param name="Demand">What a call takes there.</param>
/// <param name="Rank">0 for targets, then fallbacks in order; smaller models last.</param>
/// <param name="IsSmaller">Whether it is a smaller model.</param>
internal sealed record FluidPlace(string Name, IReadOnlyList<FluidMeter> Meters, CallDemand Demand, int Rank, bool IsSmaller)
{
    /// <summary>What a call costs, in seconds of the tightest limit's refill.</summary>
    public double CostSeconds { get; } = Meters.Select(meter => Demand.Mean[meter.Limit.Dimension] / meter.PerSecond).DefaultIfEmpty(1e-6).Max();

    /// <summary>What one call takes of the limit that it takes most of, 0 to 1.</summary>
    public double CallShare { get; } = Meters.Select(meter => Demand.Mean[meter.Limit.Dimension] / meter.Capacity).DefaultIfEmpty(0).Max();

    /// <summary>How many calls fit now.</summary>
    public double Room
    {
        get
        {
            var room = double.PositiveInfinity;
            foreach (var meter in Meters)
            {
                var each = Demand.Mean[meter.Limit.Dimension];
                room = each > 0 ? Math.Min(room, meter.Level / each) : room;
            }

            return room;
        }
    }

    /// <summary>The share that is free of the limit that has least.</summary>
    public double Headroom
    {
        get
        {
            var least = 1.0;
            foreach (var meter in Meters)
            {
                least = Math.Min(least, meter.Headroom);
            }

            return least;
        }
    }
}

/// <summary>The calls of some work that are alike: they go the same ways, and the oldest goes first.</summary>
internal sealed class FluidFlow(WorkGroup work, FluidQueue queue, IReadOnlyList<FluidPlace> places, double share, bool isSimple, double patienceSeconds)
{
    private readonly LinkedList<(int Step, double Calls)> _cohorts = [];

    public WorkGroup Work => work;

    /// <summary>Its tenant's queue of its class.</summary>
    public FluidQueue Queue => queue;

    /// <summary>The limits of its tenant, and of its tenant on its route.</summary>
    public IReadOnlyList<FluidMeter> Own { get; init; } = queue.Meters;

    /// <summary>That queue's turn in its pool; set when the pool is made.</summary>
    public FluidTurn Turn { get; set; } = new();

    public IReadOnlyList<FluidPlace> Places => places;

    /// <summary>Which part of the work it is, 0 to 1.</summary>
    public double Share => share;

    /// <summary>Whether smaller models may serve it.</summary>
    public bool IsSimple => isSimple;

    /// <summary>Calls that wait.</summary>
    public double Backlog { get; private set; }

    /// <summary>The step from which on nothing more of it fits is this one.</summary>
    public int BlockedIn { get; set; } = -1;

    public void Arrive(int step, double calls)
    {
        if (calls > 0)
        {
            _cohorts.AddLast((step, calls));
            Backlog += calls;
        }
    }

    /// <summary>The calls of the oldest cohort, and when they came.</summary>
    public (int Step, double Calls) Oldest => _cohorts.First?.Value ?? (0, 0);

    /// <summary>Takes calls off the oldest cohort.</summary>
    public void Serve(double calls)
    {
        var (step, left) = _cohorts.First!.Value;
        _cohorts.RemoveFirst();
        if (left - calls > 1e-9)
        {
            _cohorts.AddFirst((step, left - calls));
            Backlog -= calls;
        }
        else
        {
            Backlog = _cohorts.Count == 0 ? 0 : Backlog - left;
        }
    }

    /// <summary>Gives up what has waited longer than it may.</summary>
    /// <returns>The cohorts given up.</returns>
    public IEnumerable<(int Step, double Calls)> GiveUp(int step, double stepSeconds)
    {
        while (_cohorts.First is { } oldest && (step - oldest.Value.Step) * stepSeconds > patienceSeconds)
        {
            _cohorts.RemoveFirst();
            Backlog = _cohorts.Count == 0 ? 0 : Backlog - oldest.Value.Calls;
            yield return oldest.Value;
        }
    }
}

/// <summary>A queue's turn among those that compete with it.</summary>
internal sealed class FluidTurn
{
    /// <summary>Service over weight so far, in seconds of refill: who has least goes first.</summary>
    public double Service { get; set; }

    /// <summary>Whether calls waited when it was last looked at.</summary>
    public bool WasWaiting { get; set; }
}

/// <summary>One tenant's calls of one class.</summary>
internal sealed class FluidQueue(string tenant, Core.Scheduling.Priority priority, double weight, IReadOnlyList<FluidMeter> meters)
{
    public string Tenant => tenant;

    public Core.Scheduling.Priority Priority => priority;

    public double Weight => weight;

    /// <summary>The tenant's own limits.</summary>
    public IReadOnlyList<FluidMeter> Meters => meters;

    public FluidHour[] Hours { get; } = [.. Enumerable.Range(0, 24).Select(_ => new FluidHour())];
}

/// <summary>One hour of such calls.</summary>
internal sealed class FluidHour
{
    /// <summary>Calls that come in it.</summary>
    public double Calls { get; set; }

    /// <summary>Calls that go out in it.</summary>
    public double Served { get; set; }

    /// <summary>Calls that come in it and are given up.</summary>
    public double Refused { get; set; }

    /// <summary>Of the served, those that smaller models serve.</summary>
    public double Diverted { get; set; }

    /// <summary>What the served cost, in US dollars.</summary>
    public double CostUsd { get; set; }

    /// <summary>Of the served, those without a price.</summary>
    public double Unpriced { get; set; }

    /// <summary>The waits of the calls that come in it.</summary>
    public WaitHistogram Waits { get; } = new();
}
