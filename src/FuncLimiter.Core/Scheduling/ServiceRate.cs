using FuncLimiter.Core.Budgets;

namespace FuncLimiter.Core.Scheduling;

/// <summary>Work per second over about the last ten seconds, fading; at the beginning over the few there have been, five at least.</summary>
internal sealed class ServiceRate
{
    private const double Memory = 10;
    private const double LeastAge = 5;
    private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(50);
    private double amount;
    private Instant at;
    private Instant? began;

    public void Add(double cost, Instant now)
    {
        began ??= now;
        Fade(now);
        amount += cost;
    }

    public double PerSecond(Instant now)
    {
        if (began is not { } first)
        {
            return 0;
        }

        Fade(now);
        var age = Math.Max(LeastAge, (now - first).TotalSeconds);
        return amount / (Memory * (1 - Math.Exp(-age / Memory)));
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
