namespace FuncLimiter.Simulation.Providers.Enforcement;

/// <summary>All limits that a deployment's calls must fit in at once: its own and those shared by its key.</summary>
/// <param name="own">The deployment's own.</param>
/// <param name="shared">Those of its key.</param>
/// <param name="failedCallsCost">Whether a call that is turned away still costs a request.</param>
internal sealed class DoubleLimits(IReadOnlyList<Enforcer> own, IReadOnlyList<Enforcer> shared, bool failedCallsCost)
{
    public IReadOnlyList<Enforcer> All { get; } = [.. own, .. shared];

    public IReadOnlyList<Enforcer> Own => own;

    public IReadOnlyList<Enforcer> Shared => shared;

    public void Open(double now)
    {
        foreach (var enforcer in All)
        {
            enforcer.Open(now);
        }
    }

    /// <summary>Takes a charge where all of a need fits, else says what stands against it longest.</summary>
    /// <param name="need">What must fit.</param>
    /// <param name="charge">What is taken when it does.</param>
    public LimitRefusal? TryTake(in Demand need, in Demand charge, double now)
    {
        Enforcer? worst = null;
        var longest = 0.0;
        foreach (var enforcer in All)
        {
            var amount = need[enforcer.Dimension];
            if (amount <= 0 || enforcer.Fits(amount, now))
            {
                continue;
            }

            var wait = enforcer.WaitFor(amount, now);
            if (worst is null || wait > longest)
            {
                (worst, longest) = (enforcer, wait);
            }
        }

        if (worst is null)
        {
            Correct(charge, now);
            return null;
        }

        worst.Refusals++;
        var refusal = Refuse(worst, need[worst.Dimension], longest, now);
        CostFailure(now);
        return refusal;
    }

    /// <summary>Adds to the accepted charge, or gives back where an amount is negative, whether it fits or not.</summary>
    public void Correct(in Demand change, double now)
    {
        foreach (var enforcer in All)
        {
            var amount = change[enforcer.Dimension];
            if (amount != 0)
            {
                enforcer.Take(amount, now);
                enforcer.Accepted += enforcer.Dimension == LimitDimension.Concurrent ? Math.Max(0, amount) : amount;
            }
        }
    }

    /// <summary>Takes a request for a call that failed, where one is there to take.</summary>
    public void CostFailure(double now)
    {
        foreach (var enforcer in All)
        {
            if (failedCallsCost && enforcer.Dimension == LimitDimension.Requests && enforcer.Fits(1, now))
            {
                enforcer.Take(1, now);
            }
        }
    }

    /// <summary>Puts another limit per minute in force, in the slices of that minute too.</summary>
    public void Change(LimitDimension dimension, double amount, double now)
    {
        foreach (var enforcer in own.Where(enforcer => enforcer.Dimension == dimension && enforcer is not AccelerationEnforcer))
        {
            if (enforcer.Options.Slice is { } slice)
            {
                enforcer.Change(EnforcerFactory.PerSlice(amount, slice, TimeSpan.FromMinutes(1)), now);
            }
            else if (enforcer.Options.Window <= TimeSpan.FromMinutes(1))
            {
                enforcer.Change(amount, now);
            }
        }
    }

    private static LimitRefusal Refuse(Enforcer enforcer, long requested, double wait, double now)
    {
        var acceleration = enforcer as AccelerationEnforcer;
        var cause = acceleration is not null ? RefusalCause.Acceleration
            : enforcer is ConcurrencyEnforcer ? RefusalCause.Concurrency
            : double.IsInfinity(wait) ? RefusalCause.TooLarge
            : RefusalCause.Limit;
        var limit = cause == RefusalCause.TooLarge || acceleration is not null ? enforcer.Capacity : enforcer.Amount;
        var next = acceleration?.Next(now) ?? 0;
        return new LimitRefusal(cause, enforcer.Dimension, wait, limit, enforcer.Available(now), requested, next, enforcer.Options.Window);
    }
}

/// <summary>Counts violations and says until when a deployment is closed for them. Times in seconds since the double's start.</summary>
internal sealed class Penalty(PenaltyOptions? options)
{
    private readonly Queue<double> _violations = new();

    public double ClosedUntil { get; private set; } = double.NegativeInfinity;

    /// <summary>Notes a refusal; the last one of too many closes.</summary>
    public void Violated(double now)
    {
        if (options is null || now < ClosedUntil)
        {
            return;
        }

        _violations.Enqueue(now);
        while (_violations.Peek() <= now - options.Within.TotalSeconds)
        {
            _violations.Dequeue();
        }

        if (_violations.Count >= options.Violations)
        {
            _violations.Clear();
            ClosedUntil = now + options.ClosedFor.TotalSeconds;
        }
    }
}
