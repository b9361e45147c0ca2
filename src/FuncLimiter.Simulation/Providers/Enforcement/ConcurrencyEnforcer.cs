namespace FuncLimiter.Simulation.Providers.Enforcement;

/// <summary>Calls under way at once. When a place comes free is not known, so the wait named is a second.</summary>
internal sealed class ConcurrencyEnforcer(LimitOptions options) : Enforcer(options)
{
    private double _underWay;

    public override void Open(double now)
    {
    }

    public override double Available(double now) => Amount - _underWay;

    public override double WaitFor(double amount, double now) => Fits(amount, now) ? 0 : 1;

    public override double ResetIn(double now) => 0;

    /// <summary>Unbounded over time: how many calls fit depends on how long they take.</summary>
    public override double MostPossible(double now) => 0;

    public override void Change(double amount, double now) => Amount = amount;

    protected override void Charge(double amount, double now) => _underWay += amount;

    protected override double Reading(double now) => _underWay;
}
