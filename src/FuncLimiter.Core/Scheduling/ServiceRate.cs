using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

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
