using FuncLimiter.Core.Budgets;

namespace FuncLimiter.WhatIf.Planning;

/// <summary>
/// Flows that compete for the same deployments, in small portions: the class that is owed or else the highest, in it the tenant with the
/// least service for its weight, and of it the oldest calls. So it is what the limiter does, with calls as a fluid.
/// </summary>
internal sealed class FluidPool
{
    private const int PortionsPerStep = 60;
    private const double Nothing = 1e-9;
    private readonly FluidFlow[] _flows;
    private readonly IReadOnlyList<double> _floors;
    private readonly double _stepSeconds;
    private readonly double _actAt;
    private readonly double[] _credit;
    private readonly double _portionSeconds;

    /// <param name="flows">Who competes.</param>
    /// <param name="floors">The share that each class keeps under load.</param>
    /// <param name="stepSeconds">How long a step is.</param>
    /// <param name="actAt">The share in use from which on simple work is diverted.</param>
    public FluidPool(IReadOnlyList<FluidFlow> flows, IReadOnlyList<double> floors, double stepSeconds, double actAt)
    {
        (_flows, _floors, _stepSeconds, _actAt) = ([.. flows], floors, stepSeconds, actAt);
        _credit = new double[floors.Count];
        _portionSeconds = stepSeconds / PortionsPerStep;
        foreach (var queue in flows.GroupBy(flow => flow.Queue))
        {
            var turn = new FluidTurn();
            foreach (var flow in queue)
            {
                flow.Turn = turn;
            }
        }
    }

    /// <summary>Lets out what fits in a step.</summary>
    public void Serve(int step, int hour)
    {
        Wake();
        while (Choose(step) is { } flow)
        {
            if (PlaceFor(flow) is not { } place || ServePortion(flow, place, step, hour) < Nothing)
            {
                flow.BlockedIn = step;
            }
        }

        foreach (var flow in _flows)
        {
            flow.Turn.WasWaiting = false;
        }

        foreach (var flow in _flows)
        {
            flow.Turn.WasWaiting |= flow.Backlog > Nothing;
        }
    }

    // Who was idle saved nothing up, and lost nothing.
    private void Wake()
    {
        for (var priority = 0; priority < _floors.Count; priority++)
        {
            var least = double.PositiveInfinity;
            foreach (var flow in _flows)
            {
                least = (int)flow.Queue.Priority == priority && flow.Turn.WasWaiting ? Math.Min(least, flow.Turn.Service) : least;
            }

            foreach (var flow in _flows)
            {
                if ((int)flow.Queue.Priority == priority && !flow.Turn.WasWaiting)
                {
                    flow.Turn.Service = double.IsInfinity(least) ? 0 : Math.Max(flow.Turn.Service, least);
                }
            }
        }
    }

    private FluidFlow? Choose(int step)
    {
        FluidFlow? best = null;
        foreach (var flow in _flows)
        {
            if (flow.Backlog > Nothing && flow.BlockedIn != step && (best is null || IsBefore(flow, best)))
            {
                best = flow;
            }
        }

        return best;
    }

    private bool IsBefore(FluidFlow flow, FluidFlow other)
    {
        var (mine, others) = ((int)flow.Queue.Priority, (int)other.Queue.Priority);
        if (mine != others)
        {
            var (isOwed, isOtherOwed) = (_credit[mine] > 0, _credit[others] > 0);
            return isOwed != isOtherOwed ? isOwed : mine < others;
        }

        return flow.Queue == other.Queue ? flow.Oldest.Step < other.Oldest.Step : flow.Turn.Service < other.Turn.Service;
    }

    // The target with the most headroom, the first of those that are less than a call apart, then fallbacks in order; simple work goes to smaller models while the targets are under pressure.
    private FluidPlace? PlaceFor(FluidFlow flow)
    {
        FluidPlace? best = null, smaller = null;
        var free = 0.0;
        foreach (var place in flow.Places)
        {
            free = place.Rank == 0 ? Math.Max(free, place.Headroom) : free;
            if (place.Room < Nothing)
            {
                continue;
            }

            if (place.IsSmaller)
            {
                smaller ??= place;
            }
            else if (best is null || place.Rank < best.Rank || (place.Rank == best.Rank && place.Headroom > best.Headroom + place.CallShare))
            {
                best = place;
            }
        }

        return flow.IsSimple && smaller is not null && (best is null || 1 - free >= _actAt) ? smaller : best;
    }

    private double ServePortion(FluidFlow flow, FluidPlace place, int step, int hour)
    {
        var (came, waiting) = flow.Oldest;
        var calls = Math.Min(Math.Min(waiting, place.Room), Math.Max(Nothing, _portionSeconds / place.CostSeconds));
        foreach (var meter in flow.Own)
        {
            var each = place.Demand.Consumer[meter.Limit.Dimension];
            calls = each > 0 ? Math.Min(calls, meter.Level / each) : calls;
        }

        if (calls < Nothing)
        {
            return 0;
        }

        foreach (var meter in place.Meters)
        {
            meter.Take(calls * place.Demand.Mean[meter.Limit.Dimension], hour);
        }

        foreach (var meter in flow.Own)
        {
            meter.Take(calls * place.Demand.Consumer[meter.Limit.Dimension], hour);
        }

        flow.Serve(calls);
        Count(flow, place, calls, came, step, hour);
        return calls;
    }

    private void Count(FluidFlow flow, FluidPlace place, double calls, int came, int step, int hour)
    {
        var cost = calls * place.CostSeconds;
        var (queue, hours) = (flow.Queue, flow.Queue.Hours);
        flow.Turn.Service += cost / queue.Weight;
        Credit((int)queue.Priority, cost);
        hours[hour].Served += calls;
        hours[hour].Diverted += place.IsSmaller ? calls : 0;
        hours[hour].CostUsd += calls * (place.Demand.CostUsd ?? 0);
        hours[hour].Unpriced += place.Demand.CostUsd is null ? calls : 0;
        hours[(int)(came * _stepSeconds / 3600) % 24].Waits.Add((step - came) * _stepSeconds, calls);
    }

    // As the limiter keeps each lower class its floor.
    private void Credit(int served, double cost)
    {
        var higherWaits = false;
        for (var i = 0; i < _credit.Length; i++)
        {
            var isWaiting = false;
            foreach (var flow in _flows)
            {
                isWaiting |= (int)flow.Queue.Priority == i && flow.Backlog > Nothing;
            }

            if (i == served)
            {
                _credit[i] -= higherWaits ? cost : 0;
            }
            else if (!isWaiting)
            {
                _credit[i] = Math.Min(0, _credit[i]);
            }
            else if (served < i || higherWaits)
            {
                _credit[i] += cost * _floors[i] / (1 - _floors[i]);
            }

            higherWaits |= isWaiting;
        }
    }
}

/// <summary>One limit, as a tank that work flows out of.</summary>
internal sealed class FluidMeter
{
    private readonly double[] _takenByHour = new double[24];
    private readonly double _capacity;
    private double _level;

    public FluidMeter(Limit limit, double stepSeconds)
    {
        Limit = limit;
        PerSecond = limit.Algorithm == LimitAlgorithm.Concurrency ? limit.Amount : limit.PerSecond;

        // Windows carry nothing over: what a minute leaves unused is gone. Day counters and buckets keep what they hold.
        _capacity = limit.Algorithm is LimitAlgorithm.Bucket or LimitAlgorithm.CalendarDay ? limit.Capacity : PerSecond * stepSeconds;
        _capacity = limit.Algorithm == LimitAlgorithm.Bucket ? Math.Max(_capacity, PerSecond * stepSeconds) : _capacity;
        _level = _capacity;
    }

    public Limit Limit { get; }

    /// <summary>What comes back in a second; calls at once count in held seconds.</summary>
    public double PerSecond { get; }

    /// <summary>What it holds when full.</summary>
    public double Capacity => _capacity;

    /// <summary>What can be taken now.</summary>
    public double Level => _level;

    /// <summary>What is free of what it holds, 0 to 1.</summary>
    public double Headroom => Math.Clamp(_level / _capacity, 0, 1);

    /// <summary>What was taken in an hour of the day.</summary>
    public IReadOnlyList<double> TakenByHour => _takenByHour;

    /// <summary>What a day lets through in an hour at most.</summary>
    public double PerHour => PerSecond * 3600;

    public void Refill(double seconds)
    {
        if (Limit.Algorithm != LimitAlgorithm.CalendarDay)
        {
            _level = Math.Min(_capacity, _level + (PerSecond * seconds));
        }
    }

    public void Take(double amount, int hour)
    {
        _level -= amount;
        _takenByHour[hour] += amount;
    }
}
