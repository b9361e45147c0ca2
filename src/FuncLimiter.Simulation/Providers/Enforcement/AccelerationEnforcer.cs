namespace FuncLimiter.Simulation.Providers.Enforcement;

/// <summary>
/// A window holds what the last one held plus a step, and at least the base. The providers only say that sharp growth is refused; the
/// steps follow Anthropic's refusals ("current limit is 58,276 ... will increase to 68,276 at the next minute boundary").
/// </summary>
internal sealed class AccelerationEnforcer(LimitOptions options) : WindowEnforcer(options)
{
    private (long Index, double Allowance)? _opened;

    /// <summary>What the next window will hold if nothing more is taken in this one.</summary>
    public double Next(double now)
    {
        Roll(now);
        return NextAllowance(Used);
    }

    public override void Open(double now)
    {
        base.Open(now);
        _opened ??= (Index, Allowance);
    }

    /// <summary>Until the next window, even for more than that will hold: a limit that grows never says never.</summary>
    public override double WaitFor(double amount, double now) => Fits(amount, now) ? 0 : ResetIn(now);

    /// <summary>As if every window so far had been used up, each one a step larger than the last.</summary>
    public override double MostPossible(double now)
    {
        Roll(now);
        if (_opened is not var (index, first))
        {
            return 0;
        }

        var windows = Index - index + 1;
        return (windows * first) + (Options.Step * (windows * (windows - 1) / 2.0));
    }

    public override void Change(double amount, double now) =>
        throw new NotSupportedException("An acceleration limit follows use; it is not set.");

    protected override double NextAllowance(double used) => Math.Max(Amount, used + Options.Step);
}
