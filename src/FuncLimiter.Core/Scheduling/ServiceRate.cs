using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>Service per second over about the last ten seconds, fading.</summary>
internal sealed class ServiceRate
{
    private const double Memory = 10;
    private const double Grain = 0.05;
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
        var seconds = (now - at).TotalSeconds;
        if (seconds > Grain)
        {
            amount *= Math.Exp(-seconds / Memory);
            at = now;
        }
    }
}
