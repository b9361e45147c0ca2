using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>Service per second over about the last ten seconds, fading.</summary>
internal sealed class ServiceRate
{
    private const double Memory = 10;
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
        return amount / Memory;
    }

    private void Fade(Instant now)
    {
        var elapsed = now - at;
        if (elapsed > Grain)
        {
            amount *= Math.Exp(-elapsed.TotalSeconds / Memory);
            at = now;
        }
    }
}
