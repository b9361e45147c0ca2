using FuncLimiter.Core.Scheduling;
using FuncLimiter.Simulation.Virtual;

namespace FuncLimiter.WhatIf.Virtual;

/// <summary>Counts of one tenant's calls of one class.</summary>
internal sealed class VirtualTally(string tenant, Priority priority, int hours)
{
    private readonly HourTally[] _hours = [.. Enumerable.Range(0, hours).Select(_ => new HourTally())];

    public string Tenant => tenant;

    public Priority Priority => priority;

    public long Calls { get; private set; }

    public long Ok { get; private set; }

    public long Refused { get; private set; }

    public long Failed { get; private set; }

    /// <summary>Calls whose callers went away before they were let out.</summary>
    public long Left { get; private set; }

    /// <summary>How often refused calls came back; they are refused only where that does not help.</summary>
    public long Returned { get; private set; }

    public long Batched { get; private set; }

    public long Diverted { get; private set; }

    public decimal CostUsd { get; private set; }

    /// <summary>Answered calls whose cost is not known, since their deployment has no price.</summary>
    public long Unpriced { get; private set; }

    /// <summary>How often calls were refused by reason.</summary>
    public Dictionary<RefusalReason, long> Reasons { get; } = [];

    public IReadOnlyList<HourTally> Hours => _hours;

    public void Arrived(double seconds)
    {
        Calls++;
        At(seconds).Calls++;
    }

    /// <summary>A call was answered.</summary>
    /// <param name="arrived">When it came, in seconds since the start.</param>
    /// <param name="admitted">When it went out.</param>
    /// <param name="waited">How long it waited, in seconds.</param>
    /// <param name="isDiverted">Whether a smaller model served it.</param>
    /// <param name="costUsd">What it cost; null where that is not known.</param>
    public void Answered(double arrived, double admitted, double waited, bool isDiverted, decimal? costUsd)
    {
        Ok++;
        Diverted += isDiverted ? 1 : 0;
        Count(costUsd);
        At(arrived).Waits.Add(waited);
        At(admitted).Served++;
    }

    public void SentToBatch(double seconds, decimal? costUsd)
    {
        Batched++;
        At(seconds).Batched++;
        Count(costUsd);
    }

    public void WasRefused(double seconds, RefusalReason? reason)
    {
        Refused++;
        At(seconds).Refused++;
        if (reason is { } known)
        {
            Reasons[known] = Reasons.GetValueOrDefault(known) + 1;
        }
    }

    public void HasFailed(decimal? costUsd = null)
    {
        Failed++;
        CostUsd += costUsd ?? 0;
    }

    public void HasLeft() => Left++;

    public void Return() => Returned++;

    /// <summary>The waits of all answered calls.</summary>
    public WaitHistogram Waits()
    {
        var all = new WaitHistogram();
        foreach (var hour in _hours)
        {
            all.Add(hour.Waits);
        }

        return all;
    }

    private HourTally At(double seconds) => _hours[Math.Clamp((int)(seconds / 3600), 0, _hours.Length - 1)];

    private void Count(decimal? costUsd)
    {
        CostUsd += costUsd ?? 0;
        Unpriced += costUsd is null ? 1 : 0;
    }
}

/// <summary>The same by the hour.</summary>
internal sealed class HourTally
{
    /// <summary>Calls that came in this hour.</summary>
    public long Calls { get; set; }

    /// <summary>Answered calls that went out in this hour.</summary>
    public long Served { get; set; }

    /// <summary>Refused calls that came in this hour.</summary>
    public long Refused { get; set; }

    /// <summary>Calls of this hour that a batch service took.</summary>
    public long Batched { get; set; }

    /// <summary>The waits of the answered calls that came in this hour.</summary>
    public WaitHistogram Waits { get; } = new();
}
