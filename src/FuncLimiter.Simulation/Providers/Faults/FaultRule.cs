namespace FuncLimiter.Simulation.Providers.Faults;

/// <summary>When something goes wrong.</summary>
/// <param name="Kind">What goes wrong.</param>
public sealed record FaultRule(FaultKind Kind)
{
    /// <summary>The deployment's name in reports; null means every deployment.</summary>
    public string? Deployment { get; init; }

    /// <summary>When it begins, counted from when the rule is given.</summary>
    public TimeSpan After { get; init; }

    /// <summary>How long it lasts; null means to the end.</summary>
    public TimeSpan? For { get; init; }

    /// <summary>Every how many calls it strikes; default 1, each one.</summary>
    public int Every { get; init; } = 1;

    /// <summary>The chance that it strikes, 0 to 1, drawn from the double's seed; default 1.</summary>
    public double Chance { get; init; } = 1;

    /// <summary>How often it strikes at most; null means without end.</summary>
    public int? Count { get; init; }

    /// <summary>How much, see <see cref="FaultKind"/>.</summary>
    public double? Value { get; init; }

    /// <summary>For <see cref="FaultKind.LimitChange"/>: whose limit.</summary>
    public LimitDimension Dimension { get; init; } = LimitDimension.Tokens;
}
