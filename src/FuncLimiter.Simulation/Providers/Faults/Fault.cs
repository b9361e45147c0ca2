namespace FuncLimiter.Simulation.Providers.Faults;

/// <summary>What is to go wrong with one call.</summary>
/// <param name="Kind">What.</param>
/// <param name="Value">How much, where the kind has a measure.</param>
internal readonly record struct Fault(FaultKind Kind, double? Value)
{
    /// <summary>Whether the call is turned away before it reaches the limits.</summary>
    public bool IsShed => Kind is FaultKind.Unavailable or FaultKind.Overloaded;
}
