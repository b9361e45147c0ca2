namespace FuncLimiter.Functions.Entities;

/// <summary>
/// A <see cref="BudgetEntity"/>'s state. Small, since the backend rewrites it whole with every operation: what the books hold is compressed
/// to about a tenth, and the rest says at a glance how the scope stands.
/// </summary>
internal sealed record OwnerState
{
    /// <summary>The form that is written now. Older ones are read; of a newer one, what was lent is waited out.</summary>
    public const int Current = 1;

    /// <summary>The form of <see cref="Packed"/>.</summary>
    public int Version { get; init; } = Current;

    /// <summary>When the last operation was carried out.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>How many instances hold leases.</summary>
    public int Instances { get; init; }

    /// <summary>Limits set by an operator instead of the configuration's; null for none.</summary>
    public ScopeLimits? Limits { get; init; }

    /// <summary>A <see cref="ScopeRecord"/> as compressed JSON.</summary>
    public byte[] Packed { get; init; } = [];
}
