namespace FuncLimiter.Simulation.Providers.Enforcement;

/// <summary>The same amount in every window: Azure's minute, and its slices of 1 or 10 seconds.</summary>
internal sealed class FixedWindowEnforcer(LimitOptions options) : WindowEnforcer(options)
{
    public override double WaitFor(double amount, double now) =>
        Fits(amount, now) ? 0 : amount > Allowance + Tolerance ? double.PositiveInfinity : ResetIn(now);

    public override void Change(double amount, double now)
    {
        Roll(now);
        Amount = Allowance = amount;
        MostAllowance = Math.Max(MostAllowance, amount);
    }

    protected override double NextAllowance(double used) => Amount;
}
