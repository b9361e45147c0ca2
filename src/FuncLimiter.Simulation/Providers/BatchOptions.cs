namespace FuncLimiter.Simulation.Providers;

/// <summary>How a double's batch service behaves.</summary>
public sealed record BatchOptions
{
    /// <summary>How long a batch takes; default none.</summary>
    public TimeSpan Takes { get; init; }

    /// <summary>The places, in the order of their lines, of calls that every batch fails.</summary>
    public IReadOnlySet<int> FailedCalls { get; init; } = new HashSet<int>();

    /// <summary>How many calls of a batch are answered before it expires; null where none does.</summary>
    public int? ExpiresAfterCalls { get; init; }

    /// <summary>How many batches are turned away with 429 before one is taken.</summary>
    public int TurnsAway { get; init; }

    /// <summary>How many batches are made whose maker is answered 500 all the same, so that it does not know their ids.</summary>
    public int LosesAnswers { get; init; }
}
